// The page's template with its styles, scripts and the charting library, which CMake makes of the files in
// report/page/.
#pragma once

namespace tugline {

// Has the marks {{title}} and {{data}}, and no other "{{".
extern const char* const kPageTemplate;

}  // namespace tugline
