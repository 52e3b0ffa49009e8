# `cmake --install`: the public headers, the static libraries and the files for find_package(websock).
# Include it once websock_protocol, websock_net and websock exist. What these targets say about
# directories of the checkout has to stand in $<BUILD_INTERFACE:…>.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

option(WEBSOCK_INSTALL "Make install rules for the library" ${PROJECT_IS_TOP_LEVEL})
if(NOT WEBSOCK_INSTALL)
    return()
endif()

set(websock_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/websock")

# A static library's private parts are still linked by its user, so they are exported too;
# websock_warnings and websock_sanitizers carry no file.
set_target_properties(websock_protocol PROPERTIES EXPORT_NAME detail_protocol)
set_target_properties(websock_net PROPERTIES EXPORT_NAME detail_net)
set_target_properties(websock_io_uring PROPERTIES EXPORT_NAME detail_io_uring)
set_target_properties(websock_warnings PROPERTIES EXPORT_NAME detail_warnings)
set_target_properties(websock_sanitizers PROPERTIES EXPORT_NAME detail_sanitizers)
install(TARGETS websock websock_net websock_protocol websock_io_uring websock_warnings websock_sanitizers
    EXPORT websock-targets
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
    INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/lib/include/websock"
    DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
    FILES_MATCHING PATTERN "*.hpp")
install(EXPORT websock-targets
    NAMESPACE websock::
    DESTINATION "${websock_package_dir}")

configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/websock-config.cmake.in"
    "${PROJECT_BINARY_DIR}/websock-config.cmake"
    INSTALL_DESTINATION "${websock_package_dir}")
# Before 1.0 a new minor version may break its users.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/websock-config-version.cmake"
    COMPATIBILITY SameMinorVersion)
install(FILES
    "${PROJECT_BINARY_DIR}/websock-config.cmake"
    "${PROJECT_BINARY_DIR}/websock-config-version.cmake"
    DESTINATION "${websock_package_dir}")
if(WEBSOCK_IO_URING)
    install(FILES "${PROJECT_SOURCE_DIR}/cmake/io_uring/liburing.h"
        DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/websock/io_uring")
    install(FILES "${PROJECT_SOURCE_DIR}/cmake/Findliburing.cmake" DESTINATION "${websock_package_dir}")
endif()
