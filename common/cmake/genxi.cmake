# The project's own CMake words: flags, genxi_library(), genxi_service(), genxi_test(), genxi_fuzz(), genxi_proto().
find_package(PkgConfig REQUIRED)
find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()

foreach(pair "zmq libzmq" "czmq libczmq" "protobufc libprotobuf-c" "pq libpq" "hiredis hiredis" "mhd libmicrohttpd"
             "gnutls gnutls" "curl libcurl" "jansson jansson" "sodium libsodium" "qrencode libqrencode" "crypto libcrypto" "cmocka cmocka")
  string(REPLACE " " ";" pair "${pair}")
  list(GET pair 0 alias)
  list(GET pair 1 module)
  pkg_check_modules(${alias} REQUIRED IMPORTED_TARGET ${module})
endforeach()

add_library(genxi_flags INTERFACE)
target_compile_options(genxi_flags INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wformat=2 -Wundef -Wvla -Walloca -Wstrict-prototypes
  -Wmissing-prototypes -Wold-style-definition -Wpointer-arith -Wwrite-strings -Wcast-align -Wnull-dereference
  -Wdouble-promotion -Wswitch-enum -Wimplicit-fallthrough -Werror -fno-common -fstack-protector-strong
  -fno-omit-frame-pointer)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  target_compile_options(genxi_flags INTERFACE -Wlogical-op -Wduplicated-cond -Wduplicated-branches
    -Wjump-misses-init -Wformat-signedness -Wformat-truncation=2 -Warith-conversion -Wcast-qual)
else()
  target_compile_options(genxi_flags INTERFACE -fdouble-square-bracket-attributes -Wcomma -Wassign-enum
    -Wconditional-uninitialized -Wmissing-variable-declarations)
endif()
target_compile_definitions(genxi_flags INTERFACE _GNU_SOURCE)
if(GENXI_SANITIZE)
  add_compile_options(-fsanitize=${GENXI_SANITIZE} -fno-sanitize-recover=all -g)
  add_link_options(-fsanitize=${GENXI_SANITIZE})
else()
  target_compile_options(genxi_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-clash-protection
    $<$<STREQUAL:${CMAKE_SYSTEM_PROCESSOR},x86_64>:-fcf-protection=full>)
  add_link_options(-Wl,-z,relro,-z,now)
endif()
if(GENXI_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
add_link_options($<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:-pie>)

# genxi_library(NAME sources... LINKS targets...): a layer of common/.
function(genxi_library name)
  cmake_parse_arguments(arg "" "" "LINKS" ${ARGN})
  add_library(${name} STATIC ${arg_UNPARSED_ARGUMENTS})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR}/common)
  target_link_libraries(${name} PUBLIC ${arg_LINKS} PRIVATE genxi_flags)
endfunction()

# genxi_service(NAME sources... LINKS targets...): lib<name>_core (everything but main.c, for tests) and bin/genxi-<name>.
function(genxi_service name)
  cmake_parse_arguments(arg "" "OUTPUT" "LINKS" ${ARGN})
  if(NOT arg_OUTPUT)
    set(arg_OUTPUT genxi-${name})
  endif()
  add_library(${name}_core STATIC ${arg_UNPARSED_ARGUMENTS})
  target_include_directories(${name}_core PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(${name}_core PUBLIC ${arg_LINKS} PRIVATE genxi_flags)
  add_executable(genxi-${name} main.c)
  set_target_properties(genxi-${name} PROPERTIES OUTPUT_NAME ${arg_OUTPUT})
  target_link_libraries(genxi-${name} PRIVATE ${name}_core genxi_flags)
endfunction()

# genxi_test(NAME sources... LINKS targets... LABELS labels...): one cmocka program; ctest's name is its path, as unit.base.arena.
function(genxi_test name)
  cmake_parse_arguments(arg "" "TIMEOUT" "LINKS;LABELS" ${ARGN})
  string(REPLACE "." "_" target "test_${name}")
  add_executable(${target} ${arg_UNPARSED_ARGUMENTS})
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/tests/lib)
  target_link_libraries(${target} PRIVATE ${arg_LINKS} PkgConfig::cmocka genxi_flags)
  add_test(NAME ${name} COMMAND ${target} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}" TIMEOUT ${arg_TIMEOUT})
endfunction()

# genxi_fuzz(NAME source LINKS targets...): a libFuzzer program bin/fuzz-<name>, only with GENXI_FUZZ.
function(genxi_fuzz name source)
  if(NOT GENXI_FUZZ)
    return()
  endif()
  cmake_parse_arguments(arg "" "" "LINKS" ${ARGN})
  add_executable(fuzz-${name} ${source})
  target_link_libraries(fuzz-${name} PRIVATE ${arg_LINKS} genxi_flags)
  target_link_options(fuzz-${name} PRIVATE -fsanitize=fuzzer)
  if(NOT TARGET fuzzers)
    add_custom_target(fuzzers) # with GENXI_FUZZ only these link: other programs lack libFuzzer's hooks
  endif()
  add_dependencies(fuzzers fuzz-${name})
endfunction()

# genxi_proto(TARGET files...): protobuf-c code as a SYSTEM include, without warnings.
function(genxi_proto target)
  find_program(PROTOC_C protoc-c REQUIRED)
  set(out ${CMAKE_CURRENT_BINARY_DIR}/gen)
  file(MAKE_DIRECTORY ${out})
  set(sources)
  foreach(file ${ARGN})
    get_filename_component(stem ${file} NAME_WE)
    add_custom_command(OUTPUT ${out}/${stem}.pb-c.c ${out}/${stem}.pb-c.h
      COMMAND ${PROTOC_C} -I${CMAKE_CURRENT_SOURCE_DIR} --c_out=${out} ${file}
      DEPENDS ${ARGN} WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
    list(APPEND sources ${out}/${stem}.pb-c.c)
  endforeach()
  add_library(${target} STATIC ${sources})
  target_include_directories(${target} SYSTEM PUBLIC ${out})
  target_compile_options(${target} PRIVATE -w)
  target_link_libraries(${target} PUBLIC PkgConfig::protobufc)
endfunction()
