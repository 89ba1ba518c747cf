// Small files and bytes for the corpus tests.
#pragma once

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "byte_source.h"
#include "ktlm/core/files.h"
#include "raw_document.h"

namespace ktlm::test {

inline std::string write_text(const std::filesystem::path& path, std::string_view content) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << content;
  return path.string();
}

/// A source over bytes in memory that gives at most `step` of them a read, as a slow pipe does.
class MemorySource : public corpus::ByteSource {
 public:
  explicit MemorySource(std::string content, size_t step = SIZE_MAX) : content_(std::move(content)), step_(step) {}

 protected:
  size_t read_some(char* buffer, size_t capacity) override {
    const size_t count = content_.copy(buffer, std::min(capacity, step_), taken_);
    taken_ += count;
    return count;
  }

 private:
  std::string content_;
  size_t step_, taken_ = 0;
};

/// What `read(source, emit)` emits.
template <class Read>
std::vector<corpus::RawDocument> collect(Read&& read) {
  std::vector<corpus::RawDocument> documents;
  read([&](corpus::RawDocument&& document) { documents.push_back(std::move(document)); });
  return documents;
}

/// A dump of the schema export-0.11 around `pages`.
inline std::string dump_of(const std::string& pages) {
  return "<mediawiki xmlns=\"http://www.mediawiki.org/xml/export-0.11/\" version=\"0.11\" xml:lang=\"ko\">\n"
         "  <siteinfo>\n    <sitename>위키백과</sitename>\n    <dbname>kowiki</dbname>\n  </siteinfo>\n" +
         pages + "</mediawiki>\n";
}

inline std::string page_of(const std::string& title, int id, const std::string& escaped_text, int ns = 0,
                           const std::string& model = "wikitext") {
  return "  <page>\n    <title>" + title + "</title>\n    <ns>" + std::to_string(ns) + "</ns>\n    <id>" +
         std::to_string(id) + "</id>\n    <revision>\n      <id>" + std::to_string(id + 1000) +
         "</id>\n      <contributor><username>지은이</username><id>7</id></contributor>\n      <model>" + model +
         "</model>\n      <format>text/x-wiki</format>\n      <text bytes=\"1\" xml:space=\"preserve\">" +
         escaped_text + "</text>\n    </revision>\n  </page>\n";
}

/// A sentence of more than 20 characters that no other number gives.
inline std::string sentence(int number) {
  return std::to_string(number) + "번째 문서는 한강의 다리와 그 둘레에 사는 사람들의 이야기를 담고 있다.";
}

}  // namespace ktlm::test
