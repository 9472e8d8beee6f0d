# cmake --install: the library, its headers and the CMake package (find_package(tugline), tugline::tugline). The command line
# installs itself in src/tugline/cli.
include(CMakePackageConfigHelpers)
set(TUGLINE_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/tugline)

install(TARGETS tugline EXPORT tuglineStaticTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS tugline_shared EXPORT tuglineSharedTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT tuglineStaticTargets NAMESPACE tugline:: DESTINATION ${TUGLINE_PACKAGE_DIR})
install(EXPORT tuglineSharedTargets NAMESPACE tugline:: DESTINATION ${TUGLINE_PACKAGE_DIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/tuglineConfig.cmake.in
  ${PROJECT_BINARY_DIR}/tuglineConfig.cmake INSTALL_DESTINATION ${TUGLINE_PACKAGE_DIR})
# Before 1.0 a minor version may change the interface.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/tuglineConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/tuglineConfig.cmake ${PROJECT_BINARY_DIR}/tuglineConfigVersion.cmake
  ${CMAKE_CURRENT_LIST_DIR}/FindTuglineDnnl.cmake DESTINATION ${TUGLINE_PACKAGE_DIR})
