#include "drill/verb.hpp"
namespace holdfast::drill {
int run_verb(std::vector<std::string>) { return 2; }
}
