#include "ktlm/tokenizer/analysis_report.h"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <utility>
#include <vector>

#include "ktlm/core/html_chart.h"
#include "ktlm/core/html_page.h"
#include "ktlm/core/text_format.h"
#include "ktlm/text/hangul.h"
#include "ktlm/text/utf8.h"

namespace ktlm::tokenizer {
namespace {

std::string fixed(double value, int decimals = 2) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

struct Row {
  std::string name;
  std::vector<std::string> cells;  // one per analysis
};

// Terminals give a syllable two columns.
size_t columns_of(std::string_view text) {
  size_t columns = 0;
  for (size_t position = 0; position < text.size();)
    columns += text::is_hangul_syllable(text::decode_utf8(text, position)) ? 2 : 1;
  return columns;
}

std::string padded(const std::string& text, size_t columns, bool to_right) {
  const std::string space(columns - std::min(columns, columns_of(text)), ' ');
  return to_right ? space + text : text + space;
}

const ScriptUse* find_script(const TokenizerAnalysis& analysis, const std::string& script) {
  const auto found = std::ranges::find(analysis.scripts, script, &ScriptUse::script);
  return found == analysis.scripts.end() ? nullptr : &*found;
}

std::vector<Row> rows_of(std::span<const TokenizerAnalysis> analyses, std::span<const ModelShape> models) {
  std::vector<Row> rows;
  const auto add = [&](std::string name, const std::function<std::string(const TokenizerAnalysis&)>& cell) {
    Row& row = rows.emplace_back(Row{std::move(name), {}});
    for (const TokenizerAnalysis& analysis : analyses) row.cells.push_back(cell(analysis));
  };
  using Analysis = const TokenizerAnalysis&;
  add("vocabulary", [](Analysis a) { return format_grouped(a.vocab_size); });
  add("bytes per token", [](Analysis a) { return fixed(a.bytes_per_token()); });
  add("characters per token", [](Analysis a) { return fixed(a.characters_per_token()); });
  add("tokens per 어절", [](Analysis a) { return fixed(a.tokens_per_word()); });
  add("tokens per sentence", [](Analysis a) { return fixed(a.tokens_per_sentence(), 1); });
  add("byte fallback, of all tokens", [](Analysis a) { return format_share(a.fallback_rate()); });
  add("newlines and tabs, of all tokens", [](Analysis a) { return format_share(a.whitespace_rate()); });
  add("particles a token begins with", [](Analysis a) { return format_share(a.particles.share()); });
  add("endings a token begins with", [](Analysis a) { return format_share(a.endings.share()); });
  for (const ScriptUse& first : analyses.front().scripts) {
    if (first.script == "space") continue;
    add(first.script + ": tokens per character, bytes", [&](Analysis a) {
      const ScriptUse* use = find_script(a, first.script);
      return use == nullptr ? ""
                            : fixed(use->tokens_per_character()) + " (" + format_share(use->byte_rate()) + " bytes)";
    });
  }
  if (analyses.front().learned_pieces > 0) {
    add("pieces seen < " + std::to_string(kRarePieceCount) + " times",
        [](Analysis a) { return format_share(a.rare_share()); });
    add("unigram bits per byte", [](Analysis a) { return fixed(a.unigram_bits_per_byte, 3); });
  }
  for (const ModelShape& model : models) {
    add(model.name + ": embedding, of all parameters", [&](Analysis a) {
      return format_count(static_cast<double>(model.embedding_parameters(a.vocab_size))) + " (" +
             format_share(model.embedding_share(a.vocab_size)) + ")";
    });
    add(model.name + ": training MFLOP per byte",
        [&](Analysis a) { return fixed(model.training_flops_per_byte(a) / 1e6, 1); });
  }
  return rows;
}

std::string pieces_by_script(const TokenizerAnalysis& analysis) {
  std::string text;
  for (const auto& [script, pieces] : analysis.pieces_by_script)
    text += (text.empty() ? "" : ", ") + script + " " + format_grouped(pieces);
  return text;
}

std::string longest_pieces(const TokenizerAnalysis& analysis) {
  std::string text;
  for (const std::string& piece : analysis.longest_pieces) {
    // A word's beginning is marked as in the vocabulary, and by tokenize --pieces.
    const bool begins_word = piece.starts_with(' ');
    text += (text.empty() ? "" : ", ") + (begins_word ? "▁" + piece.substr(1) : piece);
  }
  return text;
}

std::string measured_text(const TokenizerAnalysis& analysis) {
  return analysis.measured_on + ": " + format_grouped(analysis.documents) + " documents, " +
         format_bytes(analysis.bytes);
}

Html comparison(std::span<const TokenizerAnalysis> analyses, std::span<const ModelShape> models) {
  const std::vector<Row> rows = rows_of(analyses, models);
  std::vector<TableColumn> columns = {{rows.front().name, false}};
  for (const std::string& size : rows.front().cells) columns.push_back({size, true});
  std::vector<std::vector<Html>> cells;
  for (size_t i = 1; i < rows.size(); ++i) {
    auto& line = cells.emplace_back();
    line.push_back(Html::text(rows[i].name));
    for (const std::string& cell : rows[i].cells) line.push_back(Html::text(cell));
  }
  return html_table(columns, cells);
}

Html script_chart(const TokenizerAnalysis& analysis) {
  std::vector<Bar> bars;
  for (const ScriptUse& use : analysis.scripts) {
    if (use.script == "space") continue;
    const double per_character = use.tokens_per_character(), of_bytes = per_character * use.byte_rate();
    bars.push_back({use.script,
                    {per_character - of_bytes, of_bytes},
                    fixed(per_character) + " of " + format_grouped(use.characters) + " characters"});
  }
  return bar_chart(bars, {"pieces", "bytes"});
}

Html boundary_chart(std::span<const TokenizerAnalysis> analyses) {
  std::vector<Bar> bars;
  for (const TokenizerAnalysis& analysis : analyses) {
    const std::string size = format_grouped(analysis.vocab_size);
    bars.push_back({"particles, " + size,
                    {analysis.particles.share()},
                    format_share(analysis.particles.share()) + " of " + format_grouped(analysis.particles.words)});
    bars.push_back({"endings, " + size,
                    {analysis.endings.share()},
                    format_share(analysis.endings.share()) + " of " + format_grouped(analysis.endings.words)});
  }
  return bar_chart(bars, {}, 1);
}

Html vocabulary_chart(const TokenizerAnalysis& analysis) {
  std::vector<Bar> bars;
  for (const auto& [script, pieces] : analysis.pieces_by_script)
    bars.push_back({script, {static_cast<double>(pieces)}, format_grouped(pieces)});
  return bar_chart(bars) + html_element("p", Html::text("Longest of Hangul: " + longest_pieces(analysis)));
}

Html size_chart(std::span<const TokenizerAnalysis> analyses,
                const std::function<double(const TokenizerAnalysis&)>& value) {
  std::vector<Bar> bars;
  for (const TokenizerAnalysis& analysis : analyses)
    bars.push_back({format_grouped(analysis.vocab_size), {value(analysis)}, fixed(value(analysis))});
  return bar_chart(bars);
}

Html paragraph(const std::string& text) { return html_element("p", Html::text(text)); }

}  // namespace

std::string to_table(std::span<const TokenizerAnalysis> analyses, std::span<const ModelShape> models) {
  const std::vector<Row> rows = rows_of(analyses, models);
  size_t name_columns = 0, cell_columns = 0;
  for (const Row& row : rows) {
    name_columns = std::max(name_columns, columns_of(row.name));
    for (const std::string& cell : row.cells) cell_columns = std::max(cell_columns, columns_of(cell));
  }
  std::string text;
  if (analyses.size() == 1) {
    text += "pieces: " + pieces_by_script(analyses.front()) + "\n";
    text += "longest of Hangul: " + longest_pieces(analyses.front()) + "\n";
  }
  text += "measured on " + measured_text(analyses.front());
  for (const Row& row : rows) {
    text += "\n" + padded(row.name, name_columns, false);
    for (const std::string& cell : row.cells) text += "  " + padded(cell, cell_columns, true);
  }
  return text;
}

std::string to_page(std::span<const TokenizerAnalysis> analyses, size_t index, std::span<const ModelShape> models,
                    const std::string& recommendation) {
  const TokenizerAnalysis& analysis = analyses[index];
  Html body = html_key_figures(
      {{fixed(analysis.bytes_per_token()), "bytes per token", fixed(analysis.characters_per_token()) + " characters"},
       {fixed(analysis.tokens_per_word()), "tokens per 어절",
        fixed(analysis.tokens_per_sentence(), 1) + " per sentence"},
       {format_share(analysis.fallback_rate()), "byte fallback", "of " + format_grouped(analysis.tokens) + " tokens"},
       {format_share(analysis.particles.share()), "particles begin a token",
        "of " + format_grouped(analysis.particles.words)}});
  if (!recommendation.empty()) body += html_section("The recommended size", paragraph(recommendation));
  body += html_section(
      "Tokens per character",
      paragraph("By script; the second colour is what became bytes, for want of a piece.") + script_chart(analysis));
  body += html_section(
      "Particles and endings",
      paragraph(
          "Words whose particle (책|을, 서울|에서는) or ending (읽|습니다), as rules see it, begins with a token.") +
          boundary_chart(analyses));
  body += html_section("The vocabulary by script", vocabulary_chart(analysis));
  if (analyses.size() > 1) {
    body += html_section("Bytes per token by size",
                         size_chart(analyses, [](const TokenizerAnalysis& a) { return a.bytes_per_token(); }));
    for (const ModelShape& model : models)
      body += html_section(
          "Training MFLOP per byte of text, " + model.name,
          size_chart(analyses, [&](const TokenizerAnalysis& a) { return model.training_flops_per_byte(a) / 1e6; }));
  }
  body +=
      html_section("All figures", comparison(analyses, models) +
                                      paragraph("Unigram bits per byte: what a model would pay that knew nothing but "
                                                "how frequent each piece is; no forecast of a trained model's."));
  return html_page("Tokenizer of " + format_grouped(analysis.vocab_size) + " pieces",
                   "measured on " + measured_text(analysis), body);
}

Json to_json(const TokenizerAnalysis& analysis, std::span<const ModelShape> models) {
  Json json = to_json(analysis);
  json["models"] = Json::object();
  for (const ModelShape& model : models)
    json["models"][model.name] = {{"embedding_parameters", model.embedding_parameters(analysis.vocab_size)},
                                  {"embedding_share", model.embedding_share(analysis.vocab_size)},
                                  {"training_flops_per_byte", model.training_flops_per_byte(analysis)}};
  return json;
}

}  // namespace ktlm::tokenizer
