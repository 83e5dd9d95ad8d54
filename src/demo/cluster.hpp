#pragma once

#include <memory>

#include "demo/stage.hpp"
#include "drill/scene.hpp"

namespace holdfast::demo {

// Load for a machine that runs the whole cluster besides: steady, with 10 ms of resolution per client.
drill::ProbeOptions load_options(const drill::Places& places);

// Where the configuration says that everybody is.
Result<drill::Places> read_places(const Layout& layout);

// /proc/self/exe: nodes run the same program.
std::string own_program();

void write_file(const std::string& path, const std::string& text);

}  // namespace holdfast::demo
