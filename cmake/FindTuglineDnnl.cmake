# Finds oneDNN by its header and library, as the target tugline_dnnl. Not by oneDNN's own CMake package, which asks for OpenCL
# headers that only GPU users need. Used by the build, and installed for projects that link the library.
find_path(DNNL_INCLUDE_DIR dnnl.hpp)
find_library(DNNL_LIBRARY dnnl)
mark_as_advanced(DNNL_INCLUDE_DIR DNNL_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(TuglineDnnl
  REQUIRED_VARS DNNL_LIBRARY DNNL_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "oneDNN's dnnl.hpp and libdnnl are needed (on Debian and Ubuntu: libdnnl-dev)")

if(TuglineDnnl_FOUND AND NOT TARGET tugline_dnnl)
  add_library(tugline_dnnl INTERFACE IMPORTED)
  target_include_directories(tugline_dnnl SYSTEM INTERFACE ${DNNL_INCLUDE_DIR})
  target_link_libraries(tugline_dnnl INTERFACE ${DNNL_LIBRARY})
endif()
