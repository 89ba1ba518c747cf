# Every third-party package, found once. tools/setup.sh installs what is missing.
#
# libtorch comes from CMAKE_PREFIX_PATH or Torch_DIR where one of them names it, else from the torch wheel in the
# project's private virtual environment, .venv.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(yaml-cpp REQUIRED)
if(NOT TARGET yaml-cpp::yaml-cpp)  # its name since 0.8, the only one from 0.10 on
  add_library(yaml-cpp::yaml-cpp ALIAS yaml-cpp)
endif()
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(EXPAT REQUIRED)
find_package(BZip2 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(LibLZMA REQUIRED)
pkg_check_modules(LIBZIP REQUIRED IMPORTED_TARGET libzip)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(HWY REQUIRED IMPORTED_TARGET libhwy)
pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8)
pkg_check_modules(SENTENCEPIECE REQUIRED IMPORTED_TARGET sentencepiece)
pkg_check_modules(EDIT REQUIRED IMPORTED_TARGET libedit)

# Newer releases hand out absl::Status, whose symbols neither their library nor their .pc file passes on (seen with
# Homebrew's 0.2.3: github.com/NVIDIA/NeMo-Speech.cpp/pull/27).
pkg_get_variable(ktlm_sentencepiece_include sentencepiece includedir)
file(STRINGS ${ktlm_sentencepiece_include}/sentencepiece_processor.h ktlm_absl_status REGEX "absl::Status")
if(ktlm_absl_status)
  find_package(absl REQUIRED CONFIG)
  target_link_libraries(PkgConfig::SENTENCEPIECE INTERFACE absl::status absl::strings)
endif()

if(KTLM_BUILD_TESTS)
  find_package(GTest REQUIRED)
endif()

if(KTLM_WITH_TORCH)
  file(GLOB ktlm_venv_torch ${PROJECT_SOURCE_DIR}/.venv/lib/python*/site-packages/torch)
  # HINTS come behind what the environment names, and before what the system has, such as Homebrew's moving pytorch.
  find_package(Torch 2.13 REQUIRED HINTS ${ktlm_venv_torch})
  message(STATUS "libtorch: ${TORCH_INSTALL_PREFIX}")

  # SYSTEM, so that libtorch's headers raise no warnings of ours. No OpenMP: the wheel brings a runtime of its own, and a
  # second one in the process, such as Homebrew's, aborts it ("OMP: Error #15", pytorch #44282). Only libtorch's kernels
  # have need of it.
  add_library(ktlm_libtorch INTERFACE)
  add_library(ktlm::torch ALIAS ktlm_libtorch)
  target_include_directories(ktlm_libtorch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
  target_link_libraries(ktlm_libtorch INTERFACE ${TORCH_LIBRARIES})
endif()

include(parquet)
