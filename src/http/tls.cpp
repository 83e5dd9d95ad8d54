#include "http/tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/verify_mode.hpp>

namespace holdfast::http {
namespace {

namespace ssl = boost::asio::ssl;

// The reason that OpenSSL gives, without the library's and function's names.
tl::unexpected<Error> fail_file(const std::string& what, const std::string& file,
                                const boost::system::error_code& code) {
  const bool is_io = ERR_GET_LIB(static_cast<unsigned long>(code.value())) == ERR_LIB_SYS;
  ERR_clear_error();
  const auto hint = is_io ? "" : " (is it PEM, and does the key belong to the certificate?)";
  return fail(Errc::invalid_argument, what + " " + file + ": " + code.message() + hint);
}

Result<void> load_identity(ssl::context& context, const std::string& cert, const std::string& key,
                           const Secret& password) {
  boost::system::error_code code;
  context.set_password_callback(
      [password](std::size_t, ssl::context::password_purpose) { return password.reveal(); }, code);
  context.use_certificate_chain_file(cert, code);
  if (code) return fail_file("certificate", cert, code);
  const std::string& key_file = key.empty() ? cert : key;
  context.use_private_key_file(key_file, ssl::context::pem, code);
  if (code) return fail_file("private key", key_file, code);
  if (SSL_CTX_check_private_key(context.native_handle()) != 1) {
    ERR_clear_error();
    return fail(Errc::invalid_argument,
                "private key " + key_file + " does not belong to certificate " + cert);
  }
  return {};
}

Result<void> trust(ssl::context& context, const std::string& ca_file) {
  boost::system::error_code code;
  if (ca_file.empty()) {
    context.set_default_verify_paths(code);
  } else {
    context.load_verify_file(ca_file, code);
  }
  if (code) return fail_file("CA certificates", ca_file, code);
  return {};
}

constexpr auto protocol_options = ssl::context::default_workarounds | ssl::context::no_sslv2 |
                                  ssl::context::no_sslv3 | ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1;

}  // namespace

Result<TlsContext> make_server_context(const TlsServerOptions& options) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  context->set_options(protocol_options | ssl::context::single_dh_use);
  auto loaded = load_identity(*context, options.certfile, options.keyfile, options.keyfile_password);
  if (!loaded) return tl::unexpected(loaded.error());
  if (!options.ciphers.empty() &&
      SSL_CTX_set_cipher_list(context->native_handle(), options.ciphers.c_str()) != 1) {
    ERR_clear_error();
    return fail(Errc::invalid_argument, "OpenSSL knows no cipher in \"" + options.ciphers + "\"");
  }
  if (options.verify_client == VerifyClient::none) return context;
  if (options.cafile.empty()) return fail(Errc::invalid_argument, "verify_client needs cafile");
  auto trusted = trust(*context, options.cafile);
  if (!trusted) return tl::unexpected(trusted.error());
  const bool is_required = options.verify_client == VerifyClient::required;
  context->set_verify_mode(ssl::verify_peer | (is_required ? ssl::verify_fail_if_no_peer_cert : 0));
  return context;
}

Result<TlsContext> make_client_context(const TlsClientOptions& options) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
  context->set_options(protocol_options);
  if (!options.cert.empty()) {
    auto loaded = load_identity(*context, options.cert, options.key, options.key_password);
    if (!loaded) return tl::unexpected(loaded.error());
  }
  if (!options.verify) {
    context->set_verify_mode(ssl::verify_none);
    return context;
  }
  auto trusted = trust(*context, options.cacert);
  if (!trusted) return tl::unexpected(trusted.error());
  context->set_verify_mode(ssl::verify_peer);
  return context;
}

}  // namespace holdfast::http
