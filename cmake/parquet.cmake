# Arrow's C++ libraries, which read Parquet files: ktlm::arrow and KTLM_HAS_PARQUET where they are found. From what CMake is
# told of (Homebrew's apache-arrow, Apache's libparquet-dev), else from the wheel pyarrow in .venv, which holds headers and
# libraries, but no package for CMake.
set(KTLM_WITH_PARQUET AUTO CACHE STRING "Read Parquet files, for which prepare needs Arrow 21 or newer: AUTO where it is found, ON, OFF")
set_property(CACHE KTLM_WITH_PARQUET PROPERTY STRINGS AUTO ON OFF)
set(KTLM_HAS_PARQUET OFF)

set(ktlm_arrow_minimum 21)  # whose readers give batches as arrow::Result

# The wheel's library as the target `target`. Its name ends in a version: libarrow.so.2600, libarrow.2600.dylib.
function(ktlm_import_arrow target name folder)
  file(GLOB library ${folder}/lib${name}.so.[0-9]* ${folder}/lib${name}.[0-9]*.dylib)
  if(NOT library)
    return()
  endif()
  list(GET library 0 library)
  add_library(${target} SHARED IMPORTED)
  set_target_properties(${target} PROPERTIES IMPORTED_LOCATION ${library} INTERFACE_INCLUDE_DIRECTORIES ${folder}/include)
endfunction()

if(KTLM_WITH_PARQUET AND NOT (CMAKE_CROSSCOMPILING AND KTLM_WITH_PARQUET STREQUAL "AUTO"))
  find_package(Arrow CONFIG QUIET)
  find_package(Parquet CONFIG QUIET)
  set(ktlm_arrow_version ${Arrow_VERSION})
  set(ktlm_arrow_from ${Arrow_DIR})
  set(ktlm_arrow_libraries Parquet::parquet_shared Arrow::arrow_shared)
  if(NOT TARGET Parquet::parquet_shared OR NOT TARGET Arrow::arrow_shared OR ktlm_arrow_version VERSION_LESS ktlm_arrow_minimum)
    file(GLOB ktlm_arrow_config ${PROJECT_SOURCE_DIR}/.venv/lib/python*/site-packages/pyarrow/include/arrow/util/config.h)
    if(ktlm_arrow_config AND NOT CMAKE_CROSSCOMPILING)
      list(GET ktlm_arrow_config 0 ktlm_arrow_config)
      file(STRINGS ${ktlm_arrow_config} ktlm_arrow_version REGEX "define ARROW_VERSION_STRING ")
      string(REGEX REPLACE ".*\"([0-9.]+).*" "\\1" ktlm_arrow_version "${ktlm_arrow_version}")
      string(REPLACE /include/arrow/util/config.h "" ktlm_arrow_from ${ktlm_arrow_config})
      ktlm_import_arrow(ktlm_wheel_parquet parquet ${ktlm_arrow_from})
      ktlm_import_arrow(ktlm_wheel_arrow arrow ${ktlm_arrow_from})
      set(ktlm_arrow_libraries ktlm_wheel_parquet ktlm_wheel_arrow)
    endif()
  endif()
  list(GET ktlm_arrow_libraries 0 ktlm_arrow_target)
  if(TARGET ${ktlm_arrow_target} AND ktlm_arrow_version VERSION_GREATER_EQUAL ktlm_arrow_minimum)
    set(KTLM_HAS_PARQUET ON)
    set(KTLM_ARROW_DIRS "")  # for rpaths; CMake's own way leaves out what lies within the project, as .venv does
    # SYSTEM, so that Arrow's headers raise no warnings of ours.
    add_library(ktlm_arrow INTERFACE)
    add_library(ktlm::arrow ALIAS ktlm_arrow)
    foreach(library ${ktlm_arrow_libraries})
      target_include_directories(ktlm_arrow SYSTEM INTERFACE $<TARGET_PROPERTY:${library},INTERFACE_INCLUDE_DIRECTORIES>)
      list(APPEND KTLM_ARROW_DIRS $<TARGET_FILE_DIR:${library}>)
    endforeach()
    target_link_libraries(ktlm_arrow INTERFACE ${ktlm_arrow_libraries})
    message(STATUS "Arrow, for Parquet: ${ktlm_arrow_version} in ${ktlm_arrow_from}")
  elseif(KTLM_WITH_PARQUET STREQUAL "AUTO")
    message(STATUS "Arrow, for Parquet: none of version ${ktlm_arrow_minimum} or newer; prepare will not read Parquet files")
  else()
    message(FATAL_ERROR "KTLM_WITH_PARQUET is ${KTLM_WITH_PARQUET}, but there is no Arrow of version ${ktlm_arrow_minimum} or newer; "
      "run .venv/bin/pip install pyarrow, or point CMAKE_PREFIX_PATH to one")
  endif()
endif()
