# Cross compiles for macOS 14 on Apple Silicon, from Linux: clang 19 and LLVM's own linker, with the headers, stubs and
# libraries that tools/macos/cross_build.sh lays out under KTLM_MACOS_KIT (a variable of CMake or of the environment):
#
#   bin/sw_vers   sdk/   libcxx/   libtorch/   prefix/     each explained where it is made, in tools/macos/
#
# Only what runs on the host (Python, pkg-config, ccache) is looked for outside these folders.
set(CMAKE_SYSTEM_NAME Darwin)
set(CMAKE_SYSTEM_VERSION 23.0.0)  # the kernel of macOS 14
set(CMAKE_SYSTEM_PROCESSOR arm64)

if(NOT KTLM_MACOS_KIT)
  set(KTLM_MACOS_KIT "$ENV{KTLM_MACOS_KIT}")
  if(NOT KTLM_MACOS_KIT)
    set(KTLM_MACOS_KIT "${CMAKE_CURRENT_LIST_DIR}/../../build/macos-kit/kit")
  endif()
  cmake_path(ABSOLUTE_PATH KTLM_MACOS_KIT NORMALIZE)
endif()
set(KTLM_MACOS_KIT "${KTLM_MACOS_KIT}" CACHE PATH "What tools/macos/cross_build.sh fetched and built for macOS" FORCE)
if(NOT EXISTS "${KTLM_MACOS_KIT}/sdk/usr/lib/libSystem.tbd")
  message(FATAL_ERROR "no kit for macOS in ${KTLM_MACOS_KIT}; make it with tools/macos/cross_build.sh, or set KTLM_MACOS_KIT to where it is")
endif()
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES KTLM_MACOS_KIT)

set(llvm_version 19)
set(CMAKE_C_COMPILER clang-${llvm_version})
set(CMAKE_CXX_COMPILER clang++-${llvm_version})
set(CMAKE_C_COMPILER_TARGET arm64-apple-macos14.0)
set(CMAKE_CXX_COMPILER_TARGET arm64-apple-macos14.0)
foreach(tool AR RANLIB STRIP NM OTOOL INSTALL_NAME_TOOL)
  string(TOLOWER ${tool} program)
  string(REPLACE "_" "-" program ${program})
  find_program(llvm_${program} llvm-${program}-${llvm_version} REQUIRED)
  set(CMAKE_${tool} ${llvm_${program}} CACHE FILEPATH "" FORCE)
endforeach()
find_program(macho_linker ld64.lld-${llvm_version} REQUIRED)

# CMake would ask Apple's SDK for its settings; the kit's is no more than headers and stubs, so the flags name it.
set(CMAKE_OSX_DEPLOYMENT_TARGET 14.0 CACHE STRING "" FORCE)
set(CMAKE_OSX_ARCHITECTURES "" CACHE STRING "" FORCE)
set(CMAKE_OSX_SYSROOT "" CACHE STRING "" FORCE)
set(CMAKE_C_FLAGS_INIT "--sysroot=${KTLM_MACOS_KIT}/sdk")
set(CMAKE_CXX_FLAGS_INIT "--sysroot=${KTLM_MACOS_KIT}/sdk -nostdinc++ -isystem ${KTLM_MACOS_KIT}/libcxx")
foreach(kind EXE SHARED MODULE)
  set(CMAKE_${kind}_LINKER_FLAGS_INIT "-fuse-ld=lld --ld-path=${macho_linker}")
endforeach()

# CMake asks sw_vers for the version of the system that it runs on, also when it cross compiles, and up to 3.25 at least
# writes no rpath where it gets no answer.
set(ENV{PATH} "${KTLM_MACOS_KIT}/bin:$ENV{PATH}")

# prefix before sdk: Darwin's headers bring a zlib.h of their own.
set(CMAKE_FIND_ROOT_PATH "${KTLM_MACOS_KIT}/prefix" "${KTLM_MACOS_KIT}/libtorch" "${KTLM_MACOS_KIT}/sdk")
set(CMAKE_PREFIX_PATH "${KTLM_MACOS_KIT}/prefix" "${KTLM_MACOS_KIT}/libtorch")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_LIBDIR} "${KTLM_MACOS_KIT}/prefix/lib/pkgconfig")
set(ENV{PKG_CONFIG_PATH} "")

set(CMAKE_GTEST_DISCOVER_TESTS_DISCOVERY_MODE PRE_TEST)  # not after the build: the test programs cannot run here
