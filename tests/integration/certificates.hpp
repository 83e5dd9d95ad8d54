#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace holdfast::testing {

// An authority of its own and what it signs, made with the openssl program in a directory that goes with it.
class Certificates {
 public:
  struct Pair {
    std::string cert, key;
  };

  Certificates() {
    char pattern[] = "/tmp/holdfast-pki-XXXXXX";
    directory_ = ::mkdtemp(pattern);
    openssl("req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.pem");
  }
  ~Certificates() {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  Certificates(const Certificates&) = delete;
  Certificates& operator=(const Certificates&) = delete;

  std::string authority() const { return directory_ + "/ca.pem"; }

  // For 127.0.0.1 and localhost, as server and as client: etcd's gateway uses its own as both.
  Pair sign(const std::string& name) {
    const std::string stem = directory_ + "/" + name;
    std::ofstream{stem + ".ext"} << "subjectAltName=IP:127.0.0.1,DNS:localhost\n"
                                 << "extendedKeyUsage=serverAuth,clientAuth\n";
    openssl("req -new -newkey rsa:2048 -nodes -subj /CN=" + name + " -keyout " + name + ".key -out " + name +
            ".csr");
    openssl("x509 -req -days 2 -in " + name + ".csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile " +
            name + ".ext -out " + name + ".pem");
    return {stem + ".pem", stem + ".key"};
  }

 private:
  void openssl(const std::string& arguments) {
    const std::string command =
        "cd " + directory_ + " && openssl " + arguments + " >>openssl.log 2>&1 </dev/null";
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
  }

  std::string directory_;
};

}  // namespace holdfast::testing
