// What a text has to be, such as a match of a pattern: asked before each draw which tokens it may go on with.
#pragma once

#include <memory>
#include <string_view>

namespace ktlm::generate {

/// Holds the text so far, which is empty at first: the continuation, without its prompt.
class TokenConstraint {
 public:
  virtual ~TokenConstraint() = default;
  /// One that stands where this one does, for another text.
  virtual std::unique_ptr<TokenConstraint> clone() const = 0;
  /// Whether the text so far, with these bytes behind it, can still become a whole one. A token's bytes, never empty,
  /// may end inside a character. Tokens are asked about from the likeliest down, until there are enough.
  virtual bool allows(std::string_view bytes) = 0;
  /// Whether the text so far is a whole one, and may end.
  virtual bool may_end() = 0;
  /// The text goes on with these bytes, which it allows.
  virtual void accept(std::string_view bytes) = 0;
};

/// Whether `text` is a whole one by this constraint, which stands at a text's beginning.
bool is_whole_text(const TokenConstraint& constraint, std::string_view text);

}  // namespace ktlm::generate
