#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <utility>

#include "async/asio.hpp"

namespace holdfast::testing {

// Runs one story on `loop`; one that hangs fails, and one that throws throws.
inline void play(asio::io_context* loop, awaitable<void> story, nanoseconds limit) {
  bool ended = false;
  asio::co_spawn(*loop, std::move(story), [&](const std::exception_ptr& failure) {
    ended = true;
    if (failure) std::rethrow_exception(failure);
    loop->stop();
  });
  loop->restart();
  loop->run_for(limit);
  ASSERT_TRUE(ended) << "the story did not end";
}

// The same on a loop of its own.
inline void play(awaitable<void> story, nanoseconds limit) {
  asio::io_context loop;
  play(&loop, std::move(story), limit);
}

}  // namespace holdfast::testing
