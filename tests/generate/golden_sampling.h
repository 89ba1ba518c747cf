// What transformers' rules of sampling leave of some logits: tests/data/golden/sampling.json, by tools/make_golden.py.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ktlm/core/json.h"

namespace ktlm::test {

struct GoldenCase {
  std::string rule;
  double value;
  std::vector<std::optional<double>> logits;  // nothing: cut off
};

struct GoldenSampling {
  std::vector<std::optional<double>> logits;
  std::vector<int32_t> ids;  // the text before them
  std::vector<GoldenCase> cases;
};

inline const GoldenSampling& golden_sampling() {
  static const GoldenSampling golden = [] {
    const auto logits_of = [](const Json& values) {
      std::vector<std::optional<double>> logits;
      for (const Json& value : values)
        logits.push_back(value.is_null() ? std::nullopt : std::optional(value.get<double>()));
      return logits;
    };
    const Json json = read_json_file(std::filesystem::path(KTLM_TEST_DATA_DIR) / "golden/sampling.json");
    GoldenSampling result{logits_of(json.at("logits")), json.at("ids").get<std::vector<int32_t>>(), {}};
    for (const Json& item : json.at("cases"))
      result.cases.push_back(
          {item.at("rule").get<std::string>(), item.at("value").get<double>(), logits_of(item.at("logits"))});
    return result;
  }();
  return golden;
}

}  // namespace ktlm::test
