// Positions that a config.json asks for in a form that isn't read would be computed as others, unnoticed.
#include <gtest/gtest.h>

#include "error_message.h"
#include "export/model_directory.h"
#include "ktlm/core/json.h"

namespace ktlm::model {
namespace {

// What reading says of a config.json with this "rope_scaling".
std::string error_with(const char* rope_scaling) {
  Json json = parse_json(config_to_hf_json(test::small_config(false, true), {1, 2, 3}, "float32"), "here");
  json.erase("rope_parameters");
  json["rope_scaling"] = parse_json(rope_scaling, "here");
  return test::error_message([&] { config_from_hf_json(json.dump(), "config.json"); });
}

TEST(RopeSettings, OfAnotherFormAreRefused) {
  EXPECT_EQ(error_with("null"), "(nothing thrown)");
  EXPECT_EQ(error_with(R"("linear")"), "config.json: key \"rope_scaling\" should be an object or null, is \"linear\"");
  EXPECT_EQ(error_with("[2.0]"), "config.json: key \"rope_scaling\" should be an object or null, is [2.0]");
}

TEST(RopeSettings, AnEmptyKindIsNone) {
  EXPECT_EQ(error_with(R"({"rope_type": null, "type": "yarn", "factor": 4.0})"),
            "config.json: rope_scaling.type is \"yarn\", which ktlm does not compute; it knows \"default\", \"linear\" "
            "and \"llama3\"");
  EXPECT_EQ(error_with(R"({"rope_type": null, "factor": 4.0})"), "(nothing thrown)");
}

}  // namespace
}  // namespace ktlm::model
