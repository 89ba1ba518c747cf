// A text that has to match a pattern. Tokens may end inside a character (byte tokens): one is allowed only where some
// character that begins so can follow, so that no text gets into a corner.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ktlm/generate/text_pattern.h"
#include "ktlm/generate/token_constraint.h"

namespace ktlm::generate {

/// Throws what PatternMatcher throws.
class PatternConstraint : public TokenConstraint {
 public:
  explicit PatternConstraint(std::shared_ptr<const TextPattern> pattern);

  std::unique_ptr<TokenConstraint> clone() const override;
  bool allows(std::string_view bytes) override;
  bool may_end() override;
  void accept(std::string_view bytes) override;

 private:
  char32_t first_alike(char32_t code_point) const;
  bool first_character_fits(char32_t code_point);
  bool character_can_follow(const std::string& text, std::string_view beginning);

  std::shared_ptr<const TextPattern> pattern_;
  PatternMatcher matcher_;
  std::string unfinished_;  // the beginning of a character, behind the matcher's text
  // Which characters of the BMP were asked about behind the text, and fit: many tokens begin with the same.
  std::vector<bool> is_asked_, is_fitting_;
};

}  // namespace ktlm::generate
