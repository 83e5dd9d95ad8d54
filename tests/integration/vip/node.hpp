#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <thread>

#include "integration/vip/two_hosts.hpp"
#include "vip/speaker.hpp"

namespace holdfast::testing {

// At most 20 s.
inline bool eventually(const std::function<bool()>& condition) {
  const auto deadline = BootClock::now() + 20s;
  while (!condition() && BootClock::now() < deadline) std::this_thread::sleep_for(5ms);
  return condition();
}

// The role vip on one host: a loop on a thread that has entered its namespace. What the tests ask it, they
// ask there.
class Node {
 public:
  // What `call` returns when made on the loop.
  template <class Call>
  auto ask(Call call) {
    std::packaged_task<decltype(call())()> task{std::move(call)};
    auto answer = task.get_future();
    asio::post(loop_, [&task] { task(); });
    return answer.get();
  }

  Node(const Host& host, vip::SpeakerOptions options) : host_{host} {
    thread_ = std::thread{[this] { run(); }};
    speaker_ = ask([&] { return must(vip::Speaker::open(executor(), std::move(options))); });
    ask([&] {
      speaker_->start();
      return true;
    });
  }
  ~Node() {
    stop();
    guard_.reset();
    thread_.join();
  }

  asio::any_io_executor executor() { return loop_.get_executor(); }
  const Host& host() const { return host_; }

  void play(awaitable<void> story) { asio::co_spawn(loop_, std::move(story), asio::use_future).get(); }
  // As a process that is stopped (SIGSTOP) or starved.
  void freeze(milliseconds span) {
    asio::post(loop_, [span] { std::this_thread::sleep_for(span); });
  }
  void stop() {
    if (!speaker_) return;
    play(speaker_->stop());
    ask([&] {
      speaker_.reset();
      return true;
    });
  }
  void reload(config::Config config) {
    ask([&] {
      speaker_->reload(std::move(config), {});
      return true;
    });
  }

  vip::Speaker& speaker() { return *speaker_; }  // on the loop only: ask()
  vrrp::RouterView view(const std::string& instance = "VI_1") {
    return ask([&] {
      for (const auto& row : speaker_->rows()) {
        if (row.instance->name() == instance) return *row.view;
      }
      return vrrp::RouterView{};
    });
  }
  vip::Statistics statistics() {
    return ask([&] { return speaker_->rows().at(0).instance->statistics(); });
  }
  bool is_master(const std::string& instance = "VI_1") { return view(instance).state == vrrp::State::master; }
  bool is_backup(const std::string& instance = "VI_1") { return view(instance).state == vrrp::State::backup; }
  bool is_fault(const std::string& instance = "VI_1") { return view(instance).state == vrrp::State::fault; }

 private:
  void run() {
    must(netlink::enter(*host_.place));
    loop_.run();
  }

  const Host& host_;
  asio::io_context loop_{1};
  asio::executor_work_guard<asio::io_context::executor_type> guard_{loop_.get_executor()};
  std::thread thread_;
  std::unique_ptr<vip::Speaker> speaker_;
};

// VI_1 of virtual router 51 with 10.0.1.10/24 on eth0, every 100 ms.
inline config::VrrpInstance an_instance(int priority) {
  config::VrrpInstance instance;
  instance.name = "VI_1";
  instance.interface = "eth0";
  instance.virtual_router_id = 51;
  instance.priority = priority;
  instance.advert_int = 100ms;
  instance.virtual_ipaddress = {{.prefix = prefix("10.0.1.10/24")}};
  return instance;
}

inline config::Config a_config(std::vector<config::VrrpInstance> instances) {
  config::Config config;
  config.scope = "test" + std::to_string(getpid());
  config.name = "lb1";
  config.vip.vrrp_instance = std::move(instances);
  return config;
}

inline vip::SpeakerOptions options_for(config::Config config) {
  vip::SpeakerOptions options;
  options.config = std::move(config);
  options.proxy_users = {geteuid()};
  return options;
}

inline vip::SpeakerOptions options_for(config::VrrpInstance instance) {
  return options_for(a_config({std::move(instance)}));
}

}  // namespace holdfast::testing
