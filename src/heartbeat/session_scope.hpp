#pragma once

#include <list>
#include <memory>

namespace holdfast::heartbeat {

// Keeps a session in its owner's list for as long as the coroutine that runs it, cancelled or not.
template <class Session>
class SessionScope {
 public:
  SessionScope(std::list<std::shared_ptr<Session>>& sessions, const std::shared_ptr<Session>& session)
      : sessions_{sessions}, position_{sessions.insert(sessions.end(), session)} {}
  ~SessionScope() { sessions_.erase(position_); }
  SessionScope(const SessionScope&) = delete;
  SessionScope& operator=(const SessionScope&) = delete;

 private:
  std::list<std::shared_ptr<Session>>& sessions_;
  typename std::list<std::shared_ptr<Session>>::iterator position_;
};

}  // namespace holdfast::heartbeat
