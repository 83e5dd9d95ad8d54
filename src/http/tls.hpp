#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "base/secret.hpp"

namespace boost::asio::ssl {
class context;
}

namespace holdfast::http {

using TlsContext = std::shared_ptr<boost::asio::ssl::context>;

enum class VerifyClient { none, optional, required };  // restapi.verify_client

struct TlsServerOptions {
  std::string certfile;
  std::string keyfile;  // empty: inside certfile
  Secret keyfile_password;
  std::string cafile;   // needed to verify clients
  std::string ciphers;  // OpenSSL's list; empty: its default
  VerifyClient verify_client = VerifyClient::none;

  bool operator==(const TlsServerOptions&) const = default;
};

struct TlsClientOptions {
  std::string cacert;  // file; empty: the system's
  std::string cert;    // shown to servers that ask
  std::string key;     // empty: inside cert
  Secret key_password;
  bool verify = true;  // chain and host name

  bool operator==(const TlsClientOptions&) const = default;
};

// Read the files now. The error names the file and what is wrong with it, never a password.
Result<TlsContext> make_server_context(const TlsServerOptions& options);
Result<TlsContext> make_client_context(const TlsClientOptions& options);

}  // namespace holdfast::http
