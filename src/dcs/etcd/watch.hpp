#pragma once

#include <memory>

#include "async/event.hpp"
#include "dcs/etcd/gateway.hpp"
#include "dcs/store.hpp"

namespace holdfast::dcs::etcd {

// A watch stream on one endpoint. While the stream is silent, that endpoint must prove by linearizable reads
// that it still is a member of a live majority: progress notifications of etcd come minutes apart (EC-9,
// EC-10).
class GatewayWatch : public Watch {
 public:
  GatewayWatch(std::shared_ptr<Gateway> gateway, Gateway::Opened opened, std::string prefix, Revision from);
  ~GatewayWatch() override;
  awaitable<Result<WatchBatch>> next() override;

 private:
  struct Reading;
  awaitable<Result<void>> probe();
  Result<std::optional<WatchBatch>> take_batch();  // from what was read; nullopt: nothing to tell yet

  std::shared_ptr<Gateway> gateway_;
  std::shared_ptr<Reading> reading_;
  http::Url endpoint_;
  std::string prefix_;
  std::string buffer_;
  Revision from_;
  Revision delivered_;
};

}  // namespace holdfast::dcs::etcd
