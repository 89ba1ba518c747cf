#include "ktlm/generate/token_constraint.h"

namespace ktlm::generate {

bool is_whole_text(const TokenConstraint& constraint, std::string_view text) {
  const std::unique_ptr<TokenConstraint> judge = constraint.clone();
  if (!text.empty()) {
    if (!judge->allows(text)) return false;  // such as one whose last character is cut
    judge->accept(text);
  }
  return judge->may_end();
}

}  // namespace ktlm::generate
