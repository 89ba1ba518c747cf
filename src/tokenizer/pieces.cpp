#include "pieces.h"

#include <algorithm>
#include <cstdio>
#include <tuple>
#include <unordered_map>

#include "ktlm/text/utf8.h"

namespace ktlm::tokenizer {

std::string byte_piece(unsigned byte) {
  char text[8];
  std::snprintf(text, sizeof text, "<0x%02X>", byte & 0xFF);
  return text;
}

std::vector<Piece> fixed_pieces() {
  std::vector<Piece> pieces = {{"<unk>", PieceType::kUnknown},
                               {"<s>", PieceType::kControl},
                               {"</s>", PieceType::kControl},
                               {"<pad>", PieceType::kControl},
                               {std::string(kImStart), PieceType::kControl},
                               {std::string(kImEnd), PieceType::kControl}};
  for (int i = 0; i < kNumReservedTokens; ++i)
    pieces.push_back({"<|reserved_" + std::to_string(i) + "|>", PieceType::kControl});
  for (unsigned byte = 0; byte < 256; ++byte) pieces.push_back({byte_piece(byte), PieceType::kByte});
  return pieces;
}

std::vector<MergeRule> list_merge_rules(const std::vector<Piece>& pieces) {
  std::unordered_map<std::string_view, TokenId> ids;
  for (size_t i = 0; i < pieces.size(); ++i)
    if (pieces[i].type == PieceType::kNormal) ids.emplace(pieces[i].text, static_cast<TokenId>(i));
  std::vector<MergeRule> rules;
  for (const auto& [text, id] : ids) {
    size_t cut = 0;
    for (text::decode_utf8(text, cut); cut < text.size(); text::decode_utf8(text, cut)) {
      const auto left = ids.find(text.substr(0, cut));
      const auto right = ids.find(text.substr(cut));
      if (left != ids.end() && right != ids.end()) rules.push_back({left->second, right->second, id});
    }
  }
  std::ranges::sort(rules, {}, [](const MergeRule& r) { return std::tuple(r.merged, r.left, r.right); });
  return rules;
}

}  // namespace ktlm::tokenizer
