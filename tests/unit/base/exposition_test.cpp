#include "base/exposition.hpp"

#include <gtest/gtest.h>

namespace holdfast {
namespace {

TEST(Exposition, a_family_is_a_heading_and_its_samples) {
  std::string out;
  Family family{out, "holdfast_vip_priority", "gauge", "Effective priority."};
  family.add(print_labels({{"iname", "VI_1"}, {"vrid", "51"}}), 100);
  family.add(3);
  EXPECT_EQ(out,
            "# HELP holdfast_vip_priority Effective priority.\n"
            "# TYPE holdfast_vip_priority gauge\n"
            "holdfast_vip_priority{iname=\"VI_1\",vrid=\"51\"} 100\n"
            "holdfast_vip_priority 3\n");
}

TEST(Exposition, a_span_is_in_seconds) {
  std::string out;
  Family{out, "age_seconds", "gauge", "Age."}.add(print_labels({}), nanoseconds{1500ms});
  EXPECT_TRUE(out.ends_with("\nage_seconds{} 1.500000\n")) << out;
}

TEST(Exposition, whatever_a_label_holds_stays_in_its_quotes_and_on_its_line) {
  EXPECT_EQ(print_labels({{"name", "a\"b\\c\nd"}}), R"(name="a\"b\\c d")");
}

}  // namespace
}  // namespace holdfast
