#include "tugline/files/hub/cached_model.h"

#include "tugline/core/error.h"
#include "tugline/core/file_status.h"
#include "tugline/files/hub/hub_cache.h"

namespace tugline {

ModelSource cached_model(const HubModel& model, const std::filesystem::path& cache) {
  const HubRepository repository(cache, model);
  if (!is_there(repository.folder())) {
    fail(ErrorCode::kNotFound,
         "{0}: neither a path here nor a model in the hub's cache ({1}); fetch it with `tugline fetch "
         "{0}`, or set HF_HUB_CACHE to where it is",
         model.text(), cache.string());
  }
  const auto commit = repository.commit_of(model);
  if (!commit || !is_there(repository.snapshot(*commit)))
    fail(ErrorCode::kNotFound, "{0}: {1}; `tugline fetch {0}` fetches it", model.text(),
         repository.contents(model, ModelParts::kTokenizer));
  ModelSource source = resolve_model(repository.snapshot(*commit).string());
  source.name = model.text();
  source.commit = *commit;
  return source;
}

}  // namespace tugline
