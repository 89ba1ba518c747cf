# Every third-party package, found once. tools/setup.sh installs what is missing.
#
# libtorch comes from CMAKE_PREFIX_PATH or Torch_DIR where one of them names it, else from the torch wheel in the
# project's private virtual environment, .venv.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(EXPAT REQUIRED)
find_package(LibXml2 REQUIRED)
find_package(BZip2 REQUIRED)
find_package(ZLIB REQUIRED)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(SENTENCEPIECE REQUIRED IMPORTED_TARGET sentencepiece)
pkg_check_modules(EDIT REQUIRED IMPORTED_TARGET libedit)

if(KTLM_BUILD_TESTS)
  find_package(GTest REQUIRED)
endif()

if(KTLM_WITH_TORCH)
  file(GLOB ktlm_venv_torch ${PROJECT_SOURCE_DIR}/.venv/lib/python*/site-packages/torch)
  find_package(Torch 2.13 REQUIRED PATHS ${ktlm_venv_torch})  # PATHS come last, behind what the environment names
  message(STATUS "libtorch: ${TORCH_INSTALL_PREFIX}")
  find_package(OpenMP COMPONENTS CXX)  # at::parallel_for's header expands to OpenMP's pragmas; Apple's clang has none

  # SYSTEM, so that libtorch's headers raise no warnings of ours.
  add_library(ktlm_libtorch INTERFACE)
  add_library(ktlm::torch ALIAS ktlm_libtorch)
  target_include_directories(ktlm_libtorch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
  target_link_libraries(ktlm_libtorch INTERFACE ${TORCH_LIBRARIES})
  if(OpenMP_CXX_FOUND)
    target_link_libraries(ktlm_libtorch INTERFACE OpenMP::OpenMP_CXX)
  endif()
endif()
