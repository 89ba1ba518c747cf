#include "drop_reasons.h"

namespace ktlm::corpus {

DropStage stage_of(DropReason reason) {
  if (reason < DropReason::kTooShort) return DropStage::kExtract;
  return reason < DropReason::kDuplicate ? DropStage::kFilter : DropStage::kDeduplicate;
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
    case DropReason::kLanguage:
      return "Too few of the letters are Hangul.";
    case DropReason::kWordLength:
      return "The words are on average too short or too long.";
    case DropReason::kFewLetters:
      return "Too many words have no letter.";
    case DropReason::kFewStopWords:
      return "The commonest words of Korean are missing.";
    case DropReason::kHashes:
      return "Too many # for its words.";
    case DropReason::kEllipses:
      return "Too many … for its words.";
    case DropReason::kBullets:
      return "Too many lines begin with a bullet.";
    case DropReason::kUnendedLines:
      return "Too many lines end no sentence.";
    case DropReason::kManyLines:
      return "Too many lines for its words.";
    case DropReason::kRepetitiveLines:
      return "Too many lines, or characters in them, are repeated.";
    case DropReason::kTopNgram:
      return "One phrase makes up too much of the text.";
    case DropReason::kRepetitiveNgrams:
      return "Repeated phrases make up too much of the text.";
    case DropReason::kDuplicate:
      return "The same text came before.";
    case DropReason::kNearDuplicate:
      return "A text that is nearly the same came before.";
    case DropReason::kRepeatedLines:
      return "Too little is left without the lines that many documents have.";
    case DropReason::kNone:
      break;
  }
  return "Kept.";
}

}  // namespace ktlm::corpus
