#include "drop_reasons.h"

namespace ktlm::corpus {

DropStage stage_of(DropReason reason) {
  switch (reason) {
    case DropReason::kOtherNamespace:
    case DropReason::kRedirect:
    case DropReason::kDisambiguation:
    case DropReason::kNotWikitext:
    case DropReason::kInvalidJson:
    case DropReason::kNoText:
    case DropReason::kNotUtf8:
    case DropReason::kEmpty:
      return DropStage::kExtract;
    case DropReason::kTooShort:
      return DropStage::kFilter;
    case DropReason::kDuplicate:
    case DropReason::kNone:
      break;
  }
  return DropStage::kDeduplicate;
}

const char* describe(DropReason reason) {
  switch (reason) {
    case DropReason::kOtherNamespace:
      return "The dump's page is no article: talk, user, template, category …";
    case DropReason::kRedirect:
      return "The page only redirects to another.";
    case DropReason::kDisambiguation:
      return "The page lists what else its title may mean.";
    case DropReason::kNotWikitext:
      return "The dump's page is not written in wikitext.";
    case DropReason::kInvalidJson:
      return "The line is no JSON object.";
    case DropReason::kNoText:
      return "The JSON object has no text field, or messages that are no dialogue.";
    case DropReason::kNotUtf8:
      return "The bytes are mostly malformed as UTF-8: another encoding.";
    case DropReason::kEmpty:
      return "No text is left behind the markup.";
    case DropReason::kTooShort:
      return "The text has fewer characters than min_chars.";
    case DropReason::kDuplicate:
      return "The same text came before.";
    case DropReason::kNone:
      break;
  }
  return "Kept.";
}

}  // namespace ktlm::corpus
