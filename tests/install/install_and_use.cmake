# Installs a finished build below WORK_DIR, moves the tree (an installation must not remember where it was made), then
# configures, builds and runs projects against it that know only find_package(tugline).
function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ECHO STDOUT RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "failed with ${status}: ${ARGV}")
  endif()
endfunction()

# build(NAME SOURCE_DIR argument...)
function(build name source)
  run(${CMAKE_COMMAND} -S ${source} -B ${WORK_DIR}/${name} -G ${GENERATOR} -DCMAKE_PREFIX_PATH=${WORK_DIR}/moved
    -DCMAKE_CXX_COMPILER=${CXX_COMPILER} -DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER} ${ARGN})
  run(${CMAKE_COMMAND} --build ${WORK_DIR}/${name})
endfunction()

file(REMOVE_RECURSE ${WORK_DIR})
run(${CMAKE_COMMAND} --install ${BUILD_DIR} --prefix ${WORK_DIR}/first)
file(RENAME ${WORK_DIR}/first ${WORK_DIR}/moved)
run(${WORK_DIR}/moved/bin/tugline --version)
foreach(file bash-completion/completions/tugline zsh/site-functions/_tugline fish/vendor_completions.d/tugline.fish
    man/man1/tugline.1 man/man1/tugline-sweep.1 man/man1/tugline-repl.1)
  file(SIZE ${WORK_DIR}/moved/share/${file} size)
  if(size EQUAL 0)
    message(FATAL_ERROR "${file} is installed empty")
  endif()
endforeach()

foreach(linkage static shared)
  build(${linkage} ${CONSUMER_DIR} -DSANITIZE=${SANITIZE} -DHEADERS=${WORK_DIR}/moved/include/tugline -DVERSION=${VERSION}
    -DLINKAGE=${linkage})
  run(${WORK_DIR}/${linkage}/consumer)
endforeach()

build(embed ${EXAMPLE_DIR} -DCMAKE_CXX_FLAGS=${SANITIZE_FLAGS})
run(${WORK_DIR}/embed/embed ${MODEL} "So the total is 12. Yes." "is 12" 1)

# The shared library exports the public headers' functions and nothing else of tugline's.
file(GLOB library ${WORK_DIR}/moved/lib*/libtugline.so ${WORK_DIR}/moved/lib/*/libtugline.so)
execute_process(COMMAND nm -D -C --defined-only ${library} OUTPUT_VARIABLE symbols RESULT_VARIABLE status)
if(NOT status EQUAL 0 OR NOT symbols MATCHES "tugline::LanguageModel::load")
  message(FATAL_ERROR "${library}: does not export tugline::LanguageModel::load")
endif()
if(symbols MATCHES " T tugline::(Model|Backend|Tokenizer|RunStore|Baseline)::")
  message(FATAL_ERROR "${library}: exports ${CMAKE_MATCH_0}, which no public header has")
endif()
