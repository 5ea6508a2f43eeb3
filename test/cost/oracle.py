"""Asks LiteLLM what hundreds of usages cost, and writes questions and answers into cases.jsonl.

Run by hand, in a virtual environment that has `litellm`; the tests read what it wrote. LiteLLM is
given share/models.json as its map, so that what is compared is the arithmetic. After `make data` it
is to be run again.
"""

import asyncio
import importlib.util
import json
import random
from datetime import datetime, timezone
from pathlib import Path

import litellm
from litellm.litellm_core_utils.llm_cost_calc import utils as calculator
from litellm.llms.base_llm.ocr.transformation import OCRResponse, OCRUsageInfo
from litellm.types.rerank import RerankResponse
from litellm.types.utils import (EmbeddingResponse, ImageObject, ImageResponse, ModelResponse,
                                 TranscriptionResponse, Usage)

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
NOON = 1795435200  # 2026-11-23 12:00 UTC, a Monday
CHAT = {"chat", "completion", "responses", "embedding", "realtime", "moderation"}
SEEDS = (24, 2)  # each asks about other models, and other numbers


def load():
    models = json.loads((ROOT / "share/models.json").read_text())
    models.pop("_about")
    litellm.model_cost = models
    litellm.add_known_models(models)
    litellm.utils._invalidate_model_cost_lowercase_map()
    return models


MODELS = load()


def provider_of(row):
    name = row["litellm_provider"]
    for family in ("vertex_ai", "fireworks_ai"):
        if name.startswith(family):
            return family
    return "bedrock" if name == "bedrock_converse" else name


def at(time):
    moment = datetime.fromtimestamp(time, timezone.utc)
    calculator.current_billing_time = lambda: moment


def tokens(low=1, high=20000):
    return random.randint(low, high)


def counted(query):
    """The usage as LiteLLM's own transformations would have left it."""
    usage = dict(query.get("usage", {}))
    usage.setdefault("total_tokens",
                     usage.get("prompt_tokens", 0) + usage.get("completion_tokens", 0))
    return Usage(**usage)


def ask_chat(query):
    usage = counted(query)
    for name in ("inference_geo", "speed"):
        if name in query["usage"]:
            setattr(usage, name, query["usage"][name])
    kind = EmbeddingResponse if query.get("call_type") == "embedding" else ModelResponse
    reply = kind(model=query["model"], usage=usage)
    if kind is ModelResponse and query.get("response_ms"):
        reply._response_ms = query["response_ms"]
    return litellm.completion_cost(
        completion_response=reply, model=query["model"], custom_llm_provider=query["provider"],
        call_type=query.get("call_type", "completion"), service_tier=query.get("service_tier"),
        data_residency=query.get("data_residency"), vertex_location=query.get("vertex_location"),
        base_model=query.get("base_model"))


def ask_batch(query):
    prompt, completion = litellm.cost_calculator.batch_cost_calculator(
        usage=counted(query), model=query["model"], custom_llm_provider=query["provider"],
        data_residency=query.get("data_residency"))
    return prompt + completion


class Counter:
    """The shared counter, which has counted so many searches already."""

    def __init__(self, before):
        self.total = before

    async def async_increment(self, key, value, ttl=None):
        self.total += value
        return self.total


def free_tier():
    """The proxy's hook: a file of its own, in a package that wants the whole proxy installed."""
    place = Path(litellm.__file__).parent / "proxy/hooks/search_free_tier.py"
    spec = importlib.util.spec_from_file_location("search_free_tier", place)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.apply_search_free_tier


APPLY_FREE_TIER = free_tier()


def ask_free(query):
    """What the proxy books when apply_search_free_tier is on."""
    cost = ask_chat(query)
    info = litellm.get_model_info(query["model"], query["provider"])
    payload = {"model_map_information": {"model_map_value": info}, "cache_hit": False,
               "cost_breakdown": None, "custom_llm_provider": query["provider"]}
    return asyncio.run(APPLY_FREE_TIER(
        {}, payload, cost, ModelResponse(model=query["model"], usage=counted(query)),
        Counter(query["searches_before"]),
        datetime.fromtimestamp(query.get("time", NOON), timezone.utc)))


def ask_image(query):
    reply = ImageResponse(data=[ImageObject(url="u") for _ in range(query.get("n", 1))])
    reply.usage = None
    return litellm.completion_cost(
        completion_response=reply, model=query["model"], custom_llm_provider=query["provider"],
        call_type="image_generation", size=query.get("size"), quality=query.get("quality"),
        n=query.get("n", 1))


def ask_speech(query):
    return litellm.completion_cost(
        completion_response=None, model=query["model"], custom_llm_provider=query["provider"],
        prompt="x" * query["characters"], call_type="speech")


def ask_transcription(query):
    reply = TranscriptionResponse(text="x")
    reply._hidden_params = {"audio_transcription_duration": query["audio_seconds"],
                            "custom_llm_provider": query["provider"]}
    return litellm.completion_cost(
        completion_response=reply, model=query["model"], custom_llm_provider=query["provider"],
        call_type="transcription")


def ask_rerank(query):
    reply = RerankResponse(id="x", results=[],
                           meta={"billed_units": {"search_units": query["queries"]}})
    return litellm.completion_cost(
        completion_response=reply, model=query["model"], custom_llm_provider=query["provider"],
        call_type="rerank")


def ask_search(query):
    from litellm.search import search_provider_cost_per_query
    return sum(search_provider_cost_per_query(
        model=query["model"], custom_llm_provider=query["provider"],
        number_of_queries=query["queries"],
        optional_params={"max_results": query["max_results"]}))


def ask_ocr(query):
    usage = OCRUsageInfo(pages_processed=query["pages"],
                         pages_processed_annotation=query.get("annotated_pages"))
    reply = OCRResponse(model=query["model"], pages=[], usage_info=usage)
    return sum(litellm.cost_calculator.ocr_cost(query["model"], query["provider"], reply))


def ask_video(query):
    from litellm.llms.openai.cost_calculation import video_generation_cost
    return video_generation_cost(
        model=query["model"], duration_seconds=query["video_seconds"],
        custom_llm_provider=query["provider"], video_resolution=query.get("resolution"))


ASK = {"speech": ask_speech, "transcription": ask_transcription, "rerank": ask_rerank,
       "search": ask_search, "ocr": ask_ocr, "create_video": ask_video,
       "image_generation": ask_image, "retrieve_batch": ask_batch}


def answer(query):
    at(query.get("time", NOON))
    if query.get("apply_search_free_tier"):
        return ask_free(query)
    return ASK.get(query.get("call_type"), ask_chat)(query)


# ---- Usages ------------------------------------------------------------------------------------

def plain(row):
    return {"prompt_tokens": tokens(), "completion_tokens": tokens(1, 4000)}


def with_details(row):
    """Whatever the row has a price for."""
    usage = plain(row)
    left, details, out = usage["prompt_tokens"], {}, {}
    for price, name in (("cache_read_input_token_cost", "cached_tokens"),
                        ("cache_creation_input_token_cost", "cache_write_tokens"),
                        ("input_cost_per_audio_token", "audio_tokens"),
                        ("input_cost_per_image_token", "image_tokens")):
        if price in row:
            details[name] = random.randint(0, left // 2)
            left -= details[name]
    if "cache_creation_input_token_cost_above_1hr" in row and details.get("cache_write_tokens"):
        hour = random.randint(0, details["cache_write_tokens"])
        details["cache_creation_token_details"] = {
            "ephemeral_1h_input_tokens": hour,
            "ephemeral_5m_input_tokens": details["cache_write_tokens"] - hour}
    left = usage["completion_tokens"]
    for price, name in (("output_cost_per_reasoning_token", "reasoning_tokens"),
                        ("supports_reasoning", "reasoning_tokens"),
                        ("output_cost_per_audio_token", "audio_tokens"),
                        ("output_cost_per_image_token", "image_tokens")):
        if row.get(price) and name not in out:
            out[name] = random.randint(0, left // 2)
            left -= out[name]
    if details:
        usage["prompt_tokens_details"] = details
    if out:
        usage["completion_tokens_details"] = out
    return usage


def long(row):
    thresholds = [int(key.split("_above_")[1].split("k_")[0]) for key in row
                  if key.startswith("input_cost_per_token_above_")]
    usage = with_details(row)
    extra = random.choice(thresholds) * 1000 + random.choice((0, 1, 5000))
    usage["prompt_tokens"] += extra - min(usage["prompt_tokens"], 1)
    if random.random() < 0.5:  # exactly at, or one above
        usage = {"prompt_tokens": random.choice(thresholds) * 1000 + random.choice((0, 1)),
                 "completion_tokens": 10}
    return usage


def rows(test, modes=CHAT):
    found = [(name, row) for name, row in MODELS.items()
             if row.get("mode") in modes and test(row) and "*" not in name]
    random.shuffle(found)
    return found


def query(name, row, usage, **more):
    return {"model": name, "provider": provider_of(row), "usage": usage,
            **({"call_type": "embedding"} if row["mode"] == "embedding" else {}), **more}


def by_provider():
    """Two of each provider's models, one with all that it has prices for."""
    seen = {}
    for name, row in rows(lambda row: "input_cost_per_token" in row):
        provider = row["litellm_provider"]
        seen[provider] = seen.get(provider, 0) + 1
        if seen[provider] <= 2:
            yield query(name, row, (plain if seen[provider] == 1 else with_details)(row))


def some(count, found, make):
    for name, row in found[:count]:
        yield make(name, row)


def dimensions():
    def has(key):
        return lambda row: row.get(key) is not None

    yield from some(30, rows(lambda row: any(k.startswith("input_cost_per_token_above_") and
                                             k.endswith("k_tokens") for k in row)),
                    lambda name, row: query(name, row, long(row)))
    for tier in ("priority", "flex"):
        yield from some(15, rows(has(f"input_cost_per_token_{tier}")),
                        lambda name, row: query(name, row, with_details(row), service_tier=tier))
        yield from some(5, rows(has(f"input_cost_per_audio_token_{tier}")),
                        lambda name, row: query(name, row, with_details(row), service_tier=tier))
    yield from some(10, rows(has("input_cost_per_token_above_272k_tokens_priority")),
                    lambda name, row: query(name, row, long(row), service_tier="priority"))
    yield from some(10, rows(has("tiered_pricing")),
                    lambda name, row: query(name, row, {
                        "prompt_tokens": random.choice((100, 32000, 32001, 128000, 300000, 999999)),
                        "completion_tokens": 100}))
    for time in (NOON, NOON - 9 * 3600):
        yield from some(5, rows(has("off_peak_pricing")),
                        lambda name, row: query(name, row, with_details(row), time=time))
    for region in ("eu", "us"):
        yield from some(5, rows(has(f"regional_processing_uplift_multiplier_{region}")),
                        lambda name, row: query(name, row, with_details(row),
                                                data_residency=region))
    yield from some(5, rows(has("regional_endpoint_uplift_multiplier")),
                    lambda name, row: query(name, row, with_details(row),
                                            vertex_location="us-east5"))
    yield from some(8, rows(lambda row: row.get("provider_specific_entry", {}).get("us") and
                            row["litellm_provider"] == "anthropic"),
                    lambda name, row: query(name, row, {**with_details(row),
                                                        "inference_geo": "us"}))
    yield from some(3, rows(lambda row: row.get("provider_specific_entry", {}).get("fast")),
                    lambda name, row: query(name, row, {**plain(row), "speed": "fast"}))
    for provider in ("anthropic", "gemini", "xai", "perplexity", "vertex_ai-language-models",
                     "groq"):
        yield from some(4, rows(lambda row: row["litellm_provider"] == provider and
                                row.get("search_context_cost_per_query")),
                        lambda name, row: query(name, row, search_usage(row)))
    yield from some(15, rows(has("input_cost_per_token_batches"), {"chat"}),
                    lambda name, row: query(name, row, plain(row), call_type="retrieve_batch",
                                            batch=True))
    yield from some(5, rows(lambda row: "input_cost_per_token_batches" not in row and
                            row.get("input_cost_per_token"), {"chat"}),
                    lambda name, row: query(name, row, plain(row), call_type="retrieve_batch",
                                            batch=True))
    yield from some(5, rows(lambda row: not row.get("input_cost_per_token") and
                            not row.get("output_cost_per_token") and
                            row.get("input_cost_per_second"), {"chat", "embedding"}),
                    lambda name, row: query(name, row, plain(row), response_ms=2500))


def search_usage(row):
    n = random.randint(1, 4)
    usage = plain(row)
    provider = row["litellm_provider"]
    if provider in ("anthropic", "groq"):
        usage["server_tool_use"] = {"web_search_requests": n}
    else:
        usage["prompt_tokens_details"] = {"web_search_requests": n}
    if provider == "xai":
        usage["server_side_tool_usage_details"] = {"web_search_calls": n}
    return usage


def other_units():
    def has(key):
        return lambda row: row.get(key)

    def unit(name, row, call, **more):
        return {"model": name, "provider": provider_of(row), "call_type": call, **more}

    yield from some(10, rows(has("input_cost_per_character"), {"audio_speech"}),
                    lambda name, row: unit(name, row, "speech", characters=tokens(1, 5000)))
    yield from some(20, rows(lambda row: row.get("input_cost_per_second") or
                             row.get("output_cost_per_second"), {"audio_transcription"}),
                    lambda name, row: unit(name, row, "transcription",
                                           audio_seconds=random.randint(1, 10**7) / 1000))
    yield from some(12, rows(has("input_cost_per_query"), {"rerank"}),
                    lambda name, row: unit(name, row, "rerank", queries=tokens(1, 9)))
    yield from some(14, rows(lambda row: True, {"search"}),
                    lambda name, row: unit(name, row, "search", queries=tokens(1, 5),
                                           max_results=random.choice((5, 20, 60))))
    yield from some(10, rows(has("ocr_cost_per_page"), {"ocr"}),
                    lambda name, row: unit(name, row, "ocr", pages=tokens(1, 300),
                                           annotated_pages=tokens(1, 20)))
    yield from some(25, rows(lambda row: row.get("output_cost_per_second") or
                             row.get("output_cost_per_video_per_second"), {"video_generation"}),
                    lambda name, row: unit(name, row, "create_video", video_seconds=tokens(1, 20),
                                           resolution=random.choice(("480p", "720p", "1080p"))))
    yield from some(50, rows(lambda row: row.get("output_cost_per_image"), {"image_generation"}),
                    lambda name, row: unit(name, row, "image_generation", n=tokens(1, 4)))
    for quality in ("standard", "hd"):
        for size in ("1024x1024", "1024x1792"):
            for provider in ("openai", "azure"):
                yield {"model": "dall-e-3", "provider": provider, "call_type": "image_generation",
                       "quality": quality, "size": size, "n": tokens(1, 3)}


def free_searches():
    """Below the allowance, at its edge, above it; of models that bill queries or prompts."""
    for left in (10 ** 9, 2, 1, 0):
        for name, row in rows(lambda row: row.get("search_free_requests")):
            before = max(0, row["search_free_requests"]["count"] - left)
            yield query(name, row, search_usage(row), apply_search_free_tier=True,
                        searches_before=before)


def batches_at_night():
    """A batch costs the same at every hour."""
    for time in (NOON, NOON - 9 * 3600):
        for name, row in rows(lambda row: row.get("off_peak_pricing")):
            yield query(name, row, plain(row), call_type="retrieve_batch", batch=True, time=time)


def questions():
    for seed in SEEDS:
        random.seed(seed)
        yield from by_provider()
        yield from dimensions()
        yield from other_units()
    yield from free_searches()
    yield from batches_at_night()


def main():
    cases, refused = [], 0
    for question in questions():
        try:
            cost = answer(question)
        except Exception as error:  # a model that LiteLLM itself cannot price is no case
            refused += 1
            print("refused:", question["model"], str(error)[:100])
            continue
        cases.append({**question, "time": question.get("time", NOON), "litellm": repr(cost)})
    (HERE / "cases.jsonl").write_text("".join(json.dumps(case) + "\n" for case in cases))
    print(f"{len(cases)} cases, {refused} that LiteLLM refuses; litellm {litellm._version.version}")


main()
