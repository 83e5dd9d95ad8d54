#include "demo/live.hpp"
namespace holdfast::demo {
int run_live(Options) { return 1; }
}
