#include "tugline/cli/summary_command.h"

#include <memory>
#include <string>

#include "tugline/cli/output_check.h"
#include "tugline/cli/standard_output.h"
#include "tugline/report/table.h"
#include "tugline/store/run_store.h"

namespace tugline {

void add_summary_command(CLI::App& app) {
  struct Options {
    std::string store;
    bool json = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "summary",
      "Print a run's settings and, for each epsilon and layer, the mean KL and its standard error");
  command->add_option("RUN.db", options->store, "Run store made by tugline sweep")->required();
  command->add_flag("--json", options->json, "Print one JSON object in place of the table");
  command->footer(
      "Examples:\n"
      "  tugline summary run.db\n"
      "  tugline summary run.db --json | python3 -m json.tool\n"
      "KL is in nats. It is the mean over directions and then over spans; each span has the same weight.\n"
      "+- is its standard error: between examples, if there are several.");
  command->callback([options] {
    check_standard_output({options->store});
    const RunView view = view_with_commands(RunStore::open_read_only(options->store));
    write_to_standard_output(options->json ? summary_json(view) : summary_text(view));
  });
}

}  // namespace tugline
