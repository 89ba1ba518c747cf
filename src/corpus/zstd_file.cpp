#include "zstd_file.h"

#include <zstd.h>

#include <new>

namespace ktlm::corpus {

namespace {
// Of Korean text as JSON lines, level 3 takes 1.8 times as long for files that are 7 % smaller.
constexpr int kLevel = 2;
}  // namespace

void ZstdFile::FreeContext::operator()(ZSTD_CCtx_s* context) const { ZSTD_freeCCtx(context); }

ZstdFile::ZstdFile(const std::filesystem::path& path)
    : file_(path), context_(ZSTD_createCCtx()), output_(ZSTD_CStreamOutSize()) {
  if (context_ == nullptr) throw std::bad_alloc();
  ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, kLevel);
  ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1);
}

ZstdFile::~ZstdFile() = default;

void ZstdFile::write(std::string_view text) { compress(text, false); }

void ZstdFile::commit() {
  compress({}, true);
  file_.commit();
}

void ZstdFile::compress(std::string_view text, bool end) {
  ZSTD_inBuffer input{text.data(), text.size(), 0};
  size_t remaining = 0;
  do {
    ZSTD_outBuffer output{output_.data(), output_.size(), 0};
    remaining = ZSTD_compressStream2(context_.get(), &output, &input, end ? ZSTD_e_end : ZSTD_e_continue);
    if (ZSTD_isError(remaining)) throw std::bad_alloc();  // the only way in which valid calls fail
    file_.write(output_.data(), output.pos);
  } while (end ? remaining != 0 : input.pos < input.size);
}

}  // namespace ktlm::corpus
