// What the tests of prepare share: one of everything that can happen to a document, and a run over it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "compress.h"
#include "corpus_fixtures.h"
#include "ktlm/core/files.h"
#include "ktlm/corpus/prepare.h"
#include "ktlm/corpus/prepared_corpus.h"
#include "temporary_directory.h"

namespace ktlm::test {

namespace fs = std::filesystem;
using corpus::Document;
using corpus::PrepareConfig;
using corpus::PreparedCorpus;
using corpus::PrepareSummary;
using corpus::Split;

inline std::string json_line(const std::string& text) { return "{\"text\":\"" + text + "\"}\n"; }

/// Files, and a run of prepare over them.
class PrepareTest : public testing::Test {
 protected:
  std::string put(const std::string& name, const std::string& content) { return write_text(folder_ / name, content); }

  PrepareSummary run(const std::vector<std::string>& inputs) {
    return corpus::prepare(inputs, out_, config_, stop_flag_, {},
                           [this](const std::string& warning) { warnings_.push_back(warning); });
  }

  // Every file of the output but the manifest's settings is to be the same: name -> content.
  std::map<std::string, std::string> output() {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::directory_iterator(out_))
      files[entry.path().filename().string()] = read_file(entry.path());
    return files;
  }

  std::vector<Document> documents(Split split) {
    std::vector<Document> all;
    PreparedCorpus::open(out_).for_each_document(split, [&](Document&& document) {
      all.push_back(std::move(document));
      return true;
    });
    return all;
  }

  // Nothing under the final name, nothing left beside it.
  void expect_no_output() {
    EXPECT_FALSE(fs::exists(out_));
    for (const auto& entry : fs::directory_iterator(folder_.path()))
      EXPECT_THAT(entry.path().filename().string(), testing::Not(testing::HasSubstr(".tmp-")));
  }

  // One of everything that can happen to a document.
  std::vector<std::string> inputs_of_all_kinds() {
    std::string pages = page_of("토론:가", 1, "의견", 1) + page_of("가", 2, sentence(1)) +
                        page_of("나", 3, "#넘겨주기 [[가]]") +
                        page_of("다", 4, "'''다'''는 다음을 뜻한다.\n* [[가]]\n{{동음이의}}") +
                        page_of("라", 5, "{}", 0, "json") + page_of("마", 6, "{{틀}}") + page_of("바", 7, "짧다.");
    for (int i = 100; i < 400; ++i)
      pages += page_of(std::to_string(i), i, "'''" + sentence(i) + "''' [[" + sentence(i + 1) + "]]");
    std::string lines = json_line(sentence(2)) + "{\"text\": \n" + "[]\n" + "{\"title\":\"글 없음\"}\n\n" +
                        json_line(sentence(1)) + json_line(sentence(3) + "\xFF") +
                        "{\"messages\":[{\"role\":\"user\",\"content\":\"안녕?\"}]}\n";
    std::string japanese;  // EUC-JP
    for (int i = 0; i < 50; ++i) japanese += "\xA4\xB3\xA4\xEC\xA4\xCF ";
    put("books/책.txt", sentence(4) + "\n\n" + sentence(5));
    put("books/옛_책.txt", japanese);
    put("books/쪽.html", "<html><title>쪽</title><body><p>" + sentence(6) + "</p></body></html>");
    return {put("kowiki.xml.bz2", bzip2(dump_of(pages))), put("news.jsonl.gz", gzip(lines)),
            (folder_ / "books").string()};
  }

  TemporaryDirectory folder_;
  fs::path out_ = folder_ / "prepared";
  PrepareConfig config_{.threads = 2, .near_duplicates = false};  // these documents are all alike
  StopFlag stop_flag_;
  std::vector<std::string> warnings_;
};

}  // namespace ktlm::test
