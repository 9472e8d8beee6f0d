#include "tugline/cli/report_command.h"

#include <memory>
#include <string>

#include "tugline/api/run_page.h"
#include "tugline/api/warn.h"
#include "tugline/cli/data_arguments.h"
#include "tugline/cli/output_check.h"
#include "tugline/cli/session.h"
#include "tugline/cli/standard_output.h"
#include "tugline/report/output_file.h"
#include "tugline/store/run_store.h"

namespace tugline {
namespace {

struct Options {
  std::string store = {};
  DataArguments data = {};
  std::string output = {};
  bool force = false;
};

void check_page_output(const Options& options) {
  if (options.output == "-") return check_standard_output({options.store, options.data.path});
  check_output({.path = options.output,
                .kind = OutputKind::kPage,
                .inputs = {options.store, options.data.path},
                .force = options.force});
}

void run_report(const Options& options) {
  check_page_output(options);
  const RunStore store = RunStore::open_read_only(options.store);
  warn_of_part(store, watch_on_stderr());
  const DataSource data = options.data.path.empty() ? DataSource{} : data_source(options.data);
  const std::string page = run_page(store, {}, data, watch_on_stderr());
  if (options.output == "-") return write_to_standard_output(page);
  OutputFile file(options.output);
  file.write(page);
  file.commit();
}

}  // namespace

void add_report_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("report", "Write a page that shows a run: one HTML file, to read and to send");
  command->add_option("RUN.db", options->store, "Run store made by tugline sweep")->required();
  command->add_option(
      "DATA", options->data.path,
      "The dataset that the run measured, for the text around its spans and for its metrics; - "
      "is standard input");
  command->add_option("-o,--output", options->output, "The page to write; - is standard output")
      ->type_name("PAGE.html")
      ->required();
  add_force_option(*command, options->force);
  add_field_option(*command, options->data);
  command->footer(
      "Examples:\n"
      "  tugline report run.db -o report.html\n"
      "  tugline report run.db data.json -o report.html\n"
      "The page holds everything that it shows and needs no network. An existing file is replaced if tugline "
      "report wrote it; another file is replaced only with --force, and a run store or a model file never.");
  command->callback([options] { run_report(*options); });
}

}  // namespace tugline
