# Writes the source file that says which commit a program was built from; run at every build (src/tugline/core/CMakeLists.txt).
# SOURCE: the project's folder. OUTPUT: the file, which is only written if the commit has changed.
# "-dirty" after the commit: tracked files differed from it. Without git, or in a source archive, the commit is "unknown".
set(commit unknown)
find_package(Git QUIET)
if(GIT_FOUND)
  # A source archive may lie in another project's repository, whose commit is not this project's.
  execute_process(COMMAND ${GIT_EXECUTABLE} rev-parse --show-toplevel WORKING_DIRECTORY ${SOURCE}
    OUTPUT_VARIABLE top OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  file(REAL_PATH "${SOURCE}" source)
  if(NOT failed)
    file(REAL_PATH "${top}" top)
  endif()
  if(NOT failed AND top STREQUAL source)
    execute_process(COMMAND ${GIT_EXECUTABLE} describe --always --dirty --abbrev=40 --exclude * WORKING_DIRECTORY ${SOURCE}
      OUTPUT_VARIABLE described OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
    if(NOT failed)
      set(commit ${described})
    endif()
  endif()
endif()
set(text "#include \"tugline/core/version.h\"\n\nnamespace tugline {\nstd::string_view commit() { return \"${commit}\"; }\n}  // namespace tugline\n")
set(present)
if(EXISTS ${OUTPUT})
  file(READ ${OUTPUT} present)
endif()
if(NOT present STREQUAL text)
  file(WRITE ${OUTPUT} "${text}")
endif()
