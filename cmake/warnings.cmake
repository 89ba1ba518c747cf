# The warnings that ktlm's own targets compile with: link ktlm::warnings PRIVATE.
add_library(ktlm_warnings INTERFACE)
add_library(ktlm::warnings ALIAS ktlm_warnings)
target_compile_options(ktlm_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
                                               -Wformat=2 -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports these inside the standard library's own inlined code (GCC bugs 105329, 105651).
  target_compile_options(ktlm_warnings INTERFACE -Wno-restrict -Wno-maybe-uninitialized)
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # Wrong on the Mac and right on Linux, or the other way round: int64_t is long long there, and each function of the system
  # came with some version of it.
  foreach(warning format unguarded-availability shorten-64-to-32)
    target_compile_options(ktlm_warnings INTERFACE -Werror=${warning})
  endforeach()
endif()
if(KTLM_WARNINGS_AS_ERRORS)
  target_compile_options(ktlm_warnings INTERFACE -Werror)
endif()
