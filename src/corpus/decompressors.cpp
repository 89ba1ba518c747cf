#include "decompressors.h"

#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <new>
#include <string_view>
#include <utility>

#include "decompressor.h"
#include "parallel_bzip2.h"

namespace ktlm::corpus {

namespace {

class GzipSource : public Decompressor {
 public:
  GzipSource(std::unique_ptr<ByteSource> upstream, std::string name)
      : Decompressor(std::move(upstream), std::move(name), "gzip") {
    constexpr int kGzipOnly = 16;  // zlib's way to say: gzip's header, not zlib's own
    if (inflateInit2(&stream_, MAX_WBITS + kGzipOnly) != Z_OK) throw std::bad_alloc();
  }
  ~GzipSource() override { inflateEnd(&stream_); }

 protected:
  size_t read_some(char* buffer, size_t capacity) override {
    stream_.next_out = reinterpret_cast<Bytef*>(buffer);
    stream_.avail_out = static_cast<uInt>(capacity);
    while (stream_.avail_out == capacity) {
      if (stream_.avail_in == 0 && !refill()) {
        if (in_member_) throw_truncated();
        return 0;
      }
      if (!in_member_) {
        inflateReset(&stream_);
        in_member_ = true;
      }
      const int status = inflate(&stream_, Z_NO_FLUSH);
      if (status == Z_MEM_ERROR) throw std::bad_alloc();
      if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) throw_corrupt();
      in_member_ = status != Z_STREAM_END;
    }
    return capacity - stream_.avail_out;
  }

 private:
  bool refill() {
    const std::string_view input = next_input();
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
    stream_.avail_in = static_cast<uInt>(input.size());
    return !input.empty();
  }

  z_stream stream_{};
  bool in_member_ = true;
};

class XzSource : public Decompressor {
 public:
  XzSource(std::unique_ptr<ByteSource> upstream, std::string name)
      : Decompressor(std::move(upstream), std::move(name), "xz") {
    // The largest dictionary that xz makes (1.5 GB), in memory that only such files cost.
    constexpr uint64_t kMaxMemoryBytes = uint64_t{2} << 30;
    if (lzma_stream_decoder(&stream_, kMaxMemoryBytes, LZMA_CONCATENATED) != LZMA_OK) throw std::bad_alloc();
  }
  ~XzSource() override { lzma_end(&stream_); }

 protected:
  size_t read_some(char* buffer, size_t capacity) override {
    if (at_end_) return 0;
    stream_.next_out = reinterpret_cast<uint8_t*>(buffer);
    stream_.avail_out = capacity;
    while (stream_.avail_out == capacity && !at_end_) {
      if (stream_.avail_in == 0) {
        const std::string_view input = next_input();
        stream_.next_in = reinterpret_cast<const uint8_t*>(input.data());
        stream_.avail_in = input.size();
        if (input.empty()) action_ = LZMA_FINISH;  // whether another stream follows is known only here
      }
      const lzma_ret status = lzma_code(&stream_, action_);
      if (status == LZMA_MEM_ERROR) throw std::bad_alloc();
      if (status == LZMA_BUF_ERROR && action_ == LZMA_FINISH) throw_truncated();
      if (status != LZMA_OK && status != LZMA_STREAM_END && status != LZMA_BUF_ERROR) throw_corrupt();
      at_end_ = status == LZMA_STREAM_END;
    }
    return capacity - stream_.avail_out;
  }

 private:
  lzma_stream stream_ = LZMA_STREAM_INIT;
  lzma_action action_ = LZMA_RUN;
  bool at_end_ = false;
};

class ZstdSource : public Decompressor {
 public:
  ZstdSource(std::unique_ptr<ByteSource> upstream, std::string name)
      : Decompressor(std::move(upstream), std::move(name), "zstd"), context_(ZSTD_createDCtx()) {
    if (context_ == nullptr) throw std::bad_alloc();
    // Windows as long as the file asks for (--long=31), in memory that only such files cost.
    ZSTD_DCtx_setParameter(context_, ZSTD_d_windowLogMax, ZSTD_dParam_getBounds(ZSTD_d_windowLogMax).upperBound);
  }
  ~ZstdSource() override { ZSTD_freeDCtx(context_); }

 protected:
  size_t read_some(char* buffer, size_t capacity) override {
    ZSTD_outBuffer output{buffer, capacity, 0};
    while (output.pos == 0) {
      if (input_.pos == input_.size && !output_was_full_) {
        const std::string_view bytes = next_input();
        if (bytes.empty()) {
          if (in_frame_) throw_truncated();
          return 0;
        }
        input_ = {bytes.data(), bytes.size(), 0};
      }
      const size_t status = ZSTD_decompressStream(context_, &output, &input_);
      if (ZSTD_isError(status)) throw_corrupt();
      in_frame_ = status != 0;
      output_was_full_ = in_frame_ && output.pos == capacity;  // then zstd may hold back more, without new input
    }
    return output.pos;
  }

 private:
  ZSTD_DCtx* context_;
  ZSTD_inBuffer input_{nullptr, 0, 0};
  bool in_frame_ = true, output_was_full_ = false;
};

}  // namespace

std::unique_ptr<ByteSource> make_decompressor(Compression compression, std::unique_ptr<ByteSource> upstream,
                                              std::string name, size_t num_threads) {
  switch (compression) {
    case Compression::kBzip2:
      return make_parallel_bzip2_source(std::move(upstream), std::move(name), num_threads);
    case Compression::kGzip:
      return std::make_unique<GzipSource>(std::move(upstream), std::move(name));
    case Compression::kXz:
      return std::make_unique<XzSource>(std::move(upstream), std::move(name));
    case Compression::kZstd:
      return std::make_unique<ZstdSource>(std::move(upstream), std::move(name));
    case Compression::kNone:
      break;
  }
  return upstream;
}

}  // namespace ktlm::corpus
