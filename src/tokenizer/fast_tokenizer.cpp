#include "fast_tokenizer.h"

#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ktlm/core/error.h"
#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "ktlm/core/sorted_json.h"
#include "ktlm/text/utf8.h"
#include "pieces.h"
#include "sentencepiece_model.h"

namespace ktlm::tokenizer {
namespace {

[[noreturn]] void refuse(const std::string& where, const std::string& what) {
  throw Error(where + ": " + what + "; ktlm reads SentencePiece's tokenizers: look for a tokenizer.model where the " +
              "model comes from");
}

std::string type_of(const SortedJson& part) {
  return part.is_object() && part.contains("type") && part["type"].is_string() ? part["type"].get<std::string>() : "";
}

// The value of a key, or null.
SortedJson member(const SortedJson& json, const char* key) {
  return json.is_object() && json.contains(key) ? json[key] : SortedJson();
}

struct Spaces {
  bool has_prefix = false, prefixes_each_part = false, spares_leading_space = false;
};

// "▁" for spaces: by a Metaspace pre-tokenizer (since transformers 4.40), or by normalisers (before).
Spaces read_spaces(const SortedJson& json, const std::string& where) {
  const SortedJson normalizer = member(json, "normalizer"), cutter = member(json, "pre_tokenizer");
  const std::string mark(kSpaceMarkUtf8);
  if (normalizer.is_null() && type_of(cutter) == "Metaspace" && member(cutter, "replacement") == mark) {
    if (member(cutter, "split") != false) refuse(where, "its pre-tokenizer cuts the text at spaces");
    const SortedJson scheme = member(cutter, "prepend_scheme");
    return {.has_prefix = scheme != "never", .prefixes_each_part = scheme == "always", .spares_leading_space = true};
  }
  if (!cutter.is_null())
    refuse(where, "its pre-tokenizer is " + to_json_line(type_of(cutter)) + ", not SentencePiece's Metaspace");
  const SortedJson steps =
      type_of(normalizer) == "Sequence" ? member(normalizer, "normalizers") : SortedJson::array({normalizer});
  Spaces spaces;
  bool marks_spaces = false;
  for (const SortedJson& step : steps) {
    if (type_of(step) == "Prepend" && member(step, "prepend") == mark) {
      spaces.has_prefix = spaces.prefixes_each_part = true;
    } else if (type_of(step) == "Replace" && member(member(step, "pattern"), "String") == " " &&
               member(step, "content") == mark) {
      marks_spaces = true;
    } else {
      refuse(where, "its normaliser has a step that ktlm does not take (" + to_json_line(type_of(step)) + ")");
    }
  }
  if (!marks_spaces) refuse(where, "it does not mark spaces as SentencePiece does");
  return spaces;
}

std::vector<Piece> read_pieces(const SortedJson& vocabulary, const std::string& where) {
  std::vector<Piece> pieces(vocabulary.size());
  for (const auto& [text, id] : vocabulary.items()) {
    const bool fits = id.is_number_unsigned() && id.get<uint64_t>() < pieces.size() && !text.empty() &&
                      pieces[id.get<size_t>()].text.empty();
    if (!fits) throw Error(where + ": model.vocab: the ids are not 0, 1, 2 ..., each once; copy the file again");
    pieces[id.get<size_t>()].text = text;
  }
  return pieces;
}

void set_types(std::vector<Piece>& pieces, const std::unordered_map<std::string, TokenId>& ids, const SortedJson& json,
               const std::string& where) {
  for (unsigned byte = 0; byte < 256; ++byte) {
    const auto found = ids.find(byte_piece(byte));
    if (found == ids.end()) refuse(where, "its vocabulary has no " + byte_piece(byte));
    pieces[static_cast<size_t>(found->second)].type = PieceType::kByte;
  }
  for (const SortedJson& token : member(json, "added_tokens")) {
    const SortedJson content = member(token, "content");
    const auto found = content.is_string() ? ids.find(content.get<std::string>()) : ids.end();
    if (found == ids.end()) continue;
    // Also one that is text: it is cut out before SentencePiece sees the text (ForeignEncoder). A byte stays one: other
    // characters fall back to it, too.
    PieceType& type = pieces[static_cast<size_t>(found->second)].type;
    if (type != PieceType::kByte) type = PieceType::kControl;
  }
  const auto unknown = ids.find("<unk>");
  if (unknown == ids.end()) refuse(where, "its vocabulary has no <unk>");
  pieces[static_cast<size_t>(unknown->second)].type = PieceType::kUnknown;
}

std::pair<std::string, std::string> parts_of(const SortedJson& merge, const std::string& where) {
  if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string())
    return {merge[0].get<std::string>(), merge[1].get<std::string>()};
  const std::string text = merge.is_string() ? merge.get<std::string>() : "";
  const size_t space = text.find(' ');
  if (space == std::string::npos) throw Error(where + ": model.merges: a merge is no pair; copy the file again");
  return {text.substr(0, space), text.substr(space + 1)};
}

// SentencePiece's scores, from the order of the merges: it does every merge that gives a piece, by the piece's score.
void set_scores(std::vector<Piece>& pieces, const std::unordered_map<std::string, TokenId>& ids,
                const SortedJson& merges, const std::string& where) {
  std::set<std::pair<TokenId, TokenId>> listed;
  std::vector<bool> is_merged(pieces.size());
  TokenId last = -1;
  float rank = 0;
  for (const SortedJson& merge : merges) {
    const auto [left, right] = parts_of(merge, where);
    const auto a = ids.find(left), b = ids.find(right), both = ids.find(left + right);
    if (a == ids.end() || b == ids.end() || both == ids.end())
      throw Error(where + ": model.merges: " + to_json_line(left) + " and " + to_json_line(right) +
                  " give no piece of the vocabulary; copy the file again");
    listed.emplace(a->second, b->second);
    if (both->second == last) continue;
    last = both->second;
    if (is_merged[static_cast<size_t>(last)]) refuse(where, "its merges are not in an order of pieces");
    is_merged[static_cast<size_t>(last)] = true;
    pieces[static_cast<size_t>(last)].score = -(rank++);
  }
  for (size_t id = 0; id < pieces.size(); ++id) {
    if (is_merged[id]) continue;
    pieces[id].score = -rank;  // of single characters, into which nothing is merged
    if (pieces[id].type == PieceType::kNormal && text::count_code_points(pieces[id].text) > 1)
      refuse(where, "its piece " + to_json_line(pieces[id].text) + " comes from no merge");
  }
  for (const MergeRule& rule : list_merge_rules(pieces))
    if (!listed.contains({rule.left, rule.right}))
      refuse(where, "it has no merge of " + to_json_line(pieces[static_cast<size_t>(rule.left)].text) + " and " +
                        to_json_line(pieces[static_cast<size_t>(rule.right)].text) + ", which SentencePiece would do");
}

bool begins_with_bos(const SortedJson& json) {
  const SortedJson single = member(member(json, "post_processor"), "single");
  return single.is_array() && !single.empty() && single[0].contains("SpecialToken");
}

}  // namespace

std::string read_fast_tokenizer(const std::filesystem::path& path, ForeignSettings& settings) {
  const std::string where = path.string();
  const SortedJson json = parse_sorted_json(read_file(path), where), model = member(json, "model");
  if (type_of(model) != "BPE") refuse(where, "its model is " + to_json_line(type_of(model)) + ", not BPE");
  if (member(model, "byte_fallback") != true) refuse(where, "it is BPE of another kind, without byte_fallback");
  for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix", "dropout"})
    if (!member(model, key).is_null() && member(model, key) != "") refuse(where, std::string("it has a ") + key);
  if (member(model, "ignore_merges") == true) refuse(where, "it has ignore_merges");
  const Spaces spaces = read_spaces(json, where);

  std::vector<Piece> pieces = read_pieces(member(model, "vocab"), where);
  std::unordered_map<std::string, TokenId> ids;
  for (size_t id = 0; id < pieces.size(); ++id) ids.emplace(pieces[id].text, static_cast<TokenId>(id));
  set_types(pieces, ids, json, where);
  set_scores(pieces, ids, member(model, "merges"), where);
  if (!settings.begins_with_bos) settings.begins_with_bos = begins_with_bos(json);
  settings.adds_prefix_space.reset();
  settings.prefixes_each_part = spaces.prefixes_each_part;
  settings.spares_leading_space = spaces.spares_leading_space;
  return scored_sentencepiece_model(pieces, spaces.has_prefix);
}

}  // namespace ktlm::tokenizer
