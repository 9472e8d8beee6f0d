// What the program does if a page of a mapped file cannot be read.
#pragma once

namespace tugline {

// From now on such a page ends the process with status 2 and a message that names the file. Without this,
// SIGBUS ends it without a word. It happens if the file's disk fails, or if another program cuts the file
// short. Run stores are not mapped; they keep what is finished.
void explain_unreadable_pages();

}  // namespace tugline
