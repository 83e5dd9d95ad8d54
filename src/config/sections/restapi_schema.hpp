#pragma once

#include "config/sections/ctl.hpp"
#include "config/sections/restapi.hpp"
#include "config/walk.hpp"

namespace holdfast::config {

template <>
struct Words<VerifyClient> {
  static constexpr std::array table{std::pair{"none", VerifyClient::none},
                                    std::pair{"optional", VerifyClient::optional},
                                    std::pair{"required", VerifyClient::required}};
};
template <>
struct Words<ServerTokens> {
  static constexpr std::array table{std::pair{"Original", ServerTokens::original},
                                    std::pair{"Minimal", ServerTokens::minimal},
                                    std::pair{"ProductOnly", ServerTokens::product_only},
                                    std::pair{"original", ServerTokens::original},
                                    std::pair{"minimal", ServerTokens::minimal},
                                    std::pair{"productonly", ServerTokens::product_only}};
};

template <>
struct Schema<BasicAuthentication> {
  static constexpr std::tuple entries{
      Field{.key = "username",
            .member = &BasicAuthentication::username,
            .help = "User name of HTTP Basic authentication."},
      Field{.key = "password", .member = &BasicAuthentication::password, .help = "Its password."}};
};

template <>
struct Schema<RestApiConfig> {
  static constexpr std::tuple entries{
      Field{.key = "listen",
            .member = &RestApiConfig::listen,
            .help = "Address that the REST API listens on.",
            .apply = Apply::restart},
      Field{.key = "connect_address",
            .member = &RestApiConfig::connect_address,
            .help = "Address at which peers, proxies and the command line reach the REST API.",
            .derived = "`listen`, when that is one address"},
      Field{.key = "authentication",
            .member = &RestApiConfig::authentication,
            .help = "What POST, PUT, PATCH and DELETE ask for."},
      Field{
          .key = "certfile", .member = &RestApiConfig::certfile, .help = "Certificate (PEM); turns TLS on."},
      Field{.key = "keyfile", .member = &RestApiConfig::keyfile, .help = "Private key (PEM)."},
      Field{.key = "keyfile_password",
            .member = &RestApiConfig::keyfile_password,
            .help = "Password of the key."},
      Field{.key = "cafile",
            .member = &RestApiConfig::cafile,
            .help = "Authorities that client certificates are checked against."},
      Field{.key = "ciphers", .member = &RestApiConfig::ciphers, .help = "OpenSSL cipher list."},
      Field{.key = "verify_client",
            .member = &RestApiConfig::verify_client,
            .help = "Client certificates: not asked for, needed by unsafe verbs, or needed by all."},
      Field{.key = "allowlist",
            .member = &RestApiConfig::allowlist,
            .help = "Addresses, networks and host names that may use unsafe verbs; empty: all.",
            .splits_commas = true},
      Field{.key = "allowlist_include_members",
            .member = &RestApiConfig::allowlist_include_members,
            .help = "Members of the cluster may use unsafe verbs too."},
      Field{.key = "http_extra_headers",
            .member = &RestApiConfig::http_extra_headers,
            .help = "Headers added to every answer."},
      Field{.key = "https_extra_headers",
            .member = &RestApiConfig::https_extra_headers,
            .help = "Headers added to every answer while TLS is on."},
      Field{.key = "request_queue_size",
            .member = &RestApiConfig::request_queue_size,
            .help = "Backlog of the listening socket.",
            .min = 1,
            .max = 65535,
            .apply = Apply::restart,
            .without_effect = true},
      Field{.key = "server_tokens",
            .member = &RestApiConfig::server_tokens,
            .help = "How much the Server header tells."},
      Unused{"thread_pool_size", "Patroni: threads of the REST API; here it has none of its own."}};
};

template <>
struct Schema<CtlConfig> {
  static constexpr std::tuple entries{
      Field{.key = "authentication",
            .member = &CtlConfig::authentication,
            .help = "Credentials sent to REST APIs.",
            .derived = "those of `restapi`"},
      Field{.key = "insecure",
            .member = &CtlConfig::insecure,
            .help = "Don't verify the certificates of REST APIs."},
      Field{.key = "cacert",
            .member = &CtlConfig::cacert,
            .help = "Authorities that they are checked against."},
      Field{.key = "certfile", .member = &CtlConfig::certfile, .help = "Client certificate (PEM)."},
      Field{.key = "keyfile", .member = &CtlConfig::keyfile, .help = "Its private key (PEM)."},
      Field{
          .key = "keyfile_password", .member = &CtlConfig::keyfile_password, .help = "Password of the key."}};
};

}  // namespace holdfast::config
