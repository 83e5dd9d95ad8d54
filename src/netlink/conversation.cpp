#include "netlink/conversation.hpp"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/object.h>
#include <sys/socket.h>

#include <cerrno>

#include "netlink/kernel_error.hpp"

namespace holdfast::netlink {
namespace {

struct Answer {
  const Conversation::OnObject* on_object = nullptr;
  bool is_complete = false;
  int error_number = 0;  // what the kernel said
  std::string words;
};

int on_message(nl_msg* message, void* answer) {
  const auto show = [](nl_object* object, void* shown_to) {
    const auto& on_object = *static_cast<Answer*>(shown_to)->on_object;
    if (on_object) on_object(object);
  };
  nl_msg_parse(message, show, answer);
  return NL_OK;
}

int on_end(nl_msg*, void* answer) {
  static_cast<Answer*>(answer)->is_complete = true;
  return NL_STOP;
}

// The sentence that the kernel adds to an error number, behind the request it returns (extended ACK).
std::string words_of(const nlmsgerr* error) {
  const auto* header = reinterpret_cast<const nlmsghdr*>(reinterpret_cast<const char*>(error) - NLMSG_HDRLEN);
  if ((header->nlmsg_flags & NLM_F_ACK_TLVS) == 0) return {};
  std::size_t offset = sizeof(nlmsgerr);
  if ((header->nlmsg_flags & NLM_F_CAPPED) == 0) offset += NLMSG_ALIGN(error->msg.nlmsg_len) - NLMSG_HDRLEN;
  const auto size = static_cast<std::size_t>(nlmsg_datalen(header));
  if (size <= offset) return {};
  const auto* first = reinterpret_cast<const nlattr*>(reinterpret_cast<const char*>(error) + offset);
  const auto* found = nla_find(first, static_cast<int>(size - offset), NLMSGERR_ATTR_MSG);
  return found == nullptr ? std::string{} : std::string{nla_get_string(found)};
}

int on_error(sockaddr_nl*, nlmsgerr* error, void* answer) {
  auto& to = *static_cast<Answer*>(answer);
  to.is_complete = true;
  to.error_number = -error->error;
  to.words = words_of(error);
  return NL_STOP;
}

OwnedCallbacks callbacks_for(Answer& answer) {
  auto made = own<OwnedCallbacks>(nl_cb_alloc(NL_CB_DEFAULT));
  nl_cb_set(made.get(), NL_CB_VALID, NL_CB_CUSTOM, on_message, &answer);
  nl_cb_set(made.get(), NL_CB_ACK, NL_CB_CUSTOM, on_end, &answer);
  nl_cb_set(made.get(), NL_CB_FINISH, NL_CB_CUSTOM, on_end, &answer);
  nl_cb_err(made.get(), NL_CB_CUSTOM, on_error, &answer);
  return made;
}

tl::unexpected<Error> fail_with_libnl(const std::string& doing, int code) {
  return fail(Errc::io_error, doing + ": " + nl_geterror(code));
}

int build_list(int type, nl_msg** request) {
  const ifinfomsg everything{};
  *request = nlmsg_alloc_simple(type, NLM_F_DUMP);
  if (*request == nullptr) return -NLE_NOMEM;
  void* const body = nlmsg_reserve(*request, sizeof everything, NLMSG_ALIGNTO);
  if (body == nullptr) return -NLE_NOMEM;
  *static_cast<ifinfomsg*>(body) = everything;
  return 0;
}

}  // namespace

Result<Conversation> Conversation::open() {
  auto socket = own<OwnedSocket>(nl_socket_alloc());
  if (const int code = nl_connect(socket.get(), NETLINK_ROUTE); code < 0) {
    return fail_with_libnl("opening a netlink socket", code);
  }
  const int on = 1;
  setsockopt(nl_socket_get_fd(socket.get()), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  // The kernel has answered when the request is sent: nothing to wait for, so nothing may wait.
  nl_socket_set_nonblocking(socket.get());
  return Conversation{std::move(socket)};
}

Result<void> Conversation::command(const std::string& doing, const Build& build) {
  return ask(doing, build, {});
}

Result<void> Conversation::ask(const std::string& doing, const Build& build, const OnObject& on_object) {
  nl_msg* built = nullptr;
  int code = build(&built);
  const OwnedMessage request{built};
  if (code >= 0) code = nl_send_auto(socket_.get(), request.get());
  Answer answer{.on_object = &on_object};
  const auto callbacks = callbacks_for(answer);
  while (code >= 0 && !answer.is_complete) code = nl_recvmsgs(socket_.get(), callbacks.get());
  if (answer.error_number != 0) return fail_with_kernel(doing, answer.error_number, answer.words);
  if (code == -NLE_DUMP_INTR) return fail(Errc::conflict, doing + ": it changed meanwhile");
  if (code < 0) return fail_with_libnl(doing, code);
  return {};
}

Result<void> Conversation::list(const std::string& doing, int type, const OnObject& on_object) {
  return ask(doing, [type](nl_msg** request) { return build_list(type, request); }, on_object);
}

}  // namespace holdfast::netlink
