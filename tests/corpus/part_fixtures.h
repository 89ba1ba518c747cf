// Parts made of texts, as the first pass makes them.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "byte_source.h"
#include "line_reader.h"
#include "part_batch.h"
#include "part_writer.h"

namespace ktlm::test {

struct NamedText {
  std::string id, text;
};

/// Writes a part with `batch_size` texts a batch, whatever their quality. Its batches are numbered from `first_order`
/// on, `order_step` apart.
inline void write_part(const std::filesystem::path& directory, const std::vector<NamedText>& texts,
                       corpus::PrepareConfig config, size_t batch_size = 7, uint64_t first_order = 0,
                       uint64_t order_step = 1) {
  config.quality = "off";
  corpus::PartWriter writer(directory, Json::object());
  for (size_t begin = 0; begin < texts.size(); begin += batch_size, first_order += order_step) {
    corpus::RawBatch batch;
    batch.order = first_order;
    for (size_t i = begin; i < std::min(texts.size(), begin + batch_size); ++i) {
      corpus::RawDocument document;
      document.id = texts[i].id;
      document.source = "test";
      document.body = texts[i].text;
      batch.documents.push_back(std::move(document));
    }
    writer.append(corpus::extract_batch(std::move(batch), config).part);
  }
  writer.checkpoint(Json::object());
}

/// The documents of a written file.
inline std::vector<corpus::Document> read_documents(const std::filesystem::path& path) {
  const auto source = corpus::open_byte_source(path.string());
  corpus::LineReader lines(*source, path.string());
  std::vector<corpus::Document> documents;
  std::string_view line;
  while (lines.next(line)) documents.push_back(corpus::document_from_json_line(line, path.string()));
  return documents;
}

}  // namespace ktlm::test
