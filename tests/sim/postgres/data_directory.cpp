#include "sim/postgres/data_directory.hpp"

#include <algorithm>

namespace holdfast::sim {

bool DataDirectory::has(WriteId id) const {
  return std::any_of(wal.begin(), wal.end(), [&](const Record& record) { return record.id == id; });
}

std::size_t common_records(const DataDirectory& a, const DataDirectory& b) {
  const auto length = static_cast<std::ptrdiff_t>(std::min(a.wal.size(), b.wal.size()));
  const auto end = std::mismatch(a.wal.begin(), a.wal.begin() + length, b.wal.begin()).first;
  return static_cast<std::size_t>(end - a.wal.begin());
}

StreamStart may_stream(const DataDirectory& receiver, const DataDirectory& sender) {
  if (receiver.system_id != sender.system_id) return StreamStart::other_system;
  const auto end = sender.history().end_of(receiver.timeline);
  if (!end) return StreamStart::past_fork;
  if (lsn_of(receiver.wal.size()) > *end) return StreamStart::past_fork;
  if (receiver.wal.size() > sender.flushed) return StreamStart::ahead;
  if (!receiver.wal.empty() && receiver.wal.back() != sender.wal[receiver.wal.size() - 1])
    return StreamStart::broken;
  return StreamStart::ok;
}

}  // namespace holdfast::sim
