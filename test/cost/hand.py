"""What llmux bills in every dimension, against sums worked by hand: hand.py LLMUX.

Each row: what is billed, the model's row in LiteLLM's schema, the question, and the sum as one would
write it on paper. The sum is worked out in exact decimals and must be equal, digit for digit.
Prints TAP.
"""

import json
import subprocess
import sys
import tempfile
from decimal import Decimal

PAIR = {"input_cost_per_token": "0.01", "output_cost_per_token": "0.1"}
USE = {"prompt_tokens": 1000, "completion_tokens": 10}
NOON, NIGHT = 1795435200, 1795435200 + 11 * 3600  # 2026-11-23, a Monday: 12:00 and 23:00 UTC


def prompt(n, **details):
    return {"usage": {"prompt_tokens": n, "completion_tokens": 0, "prompt_tokens_details": details}}


def completion(n, **details):
    return {"usage": {"prompt_tokens": 0, "completion_tokens": n,
                      "completion_tokens_details": details}}


SEARCH = {**PAIR, "search_context_cost_per_query": {"search_context_size_low": "0.03",
                                                    "search_context_size_medium": "0.035",
                                                    "search_context_size_high": "0.05"}}
FREE = {**SEARCH, "search_free_requests": {"count": 100, "period": "day",
                                           "shared_group": "all"}}
RANGES = {"tiered_pricing": [
    {"range": [0, 32000], "input_cost_per_token": "0.001", "output_cost_per_token": "0.01"},
    {"range": [32000, 128000], "input_cost_per_token": "0.002", "output_cost_per_token": "0.02"}]}
TIERS = {**PAIR, "input_cost_per_token_flex": "0.005", "output_cost_per_token_flex": "0.05",
         "input_cost_per_token_priority": "0.02", "output_cost_per_token_priority": "0.2"}
LONG = {**PAIR, "input_cost_per_token_above_200k_tokens": "0.02",
        "output_cost_per_token_above_200k_tokens": "0.15"}
LONG_CACHE = {**LONG, "cache_read_input_token_cost": "0.001",
              "cache_read_input_token_cost_above_200k_tokens": "0.002"}
CACHE = {**PAIR, "cache_read_input_token_cost": "0.001",
         "cache_creation_input_token_cost": "0.0125",
         "cache_creation_input_token_cost_above_1hr": "0.02"}
WRITTEN = {"usage": {"input_tokens": 100, "output_tokens": 0, "cache_read_input_tokens": 200,
                     "cache_creation_input_tokens": 300,
                     "cache_creation": {"ephemeral_5m_input_tokens": 250,
                                        "ephemeral_1h_input_tokens": 50}}}
REGION = {**PAIR, "regional_processing_uplift_multiplier_eu": "1.1"}
GEO = {**PAIR, "provider_specific_entry": {"us": "1.1", "fast": "2"}}
OFF_PEAK = {**PAIR, "off_peak_pricing": {"hours_utc": "20:00-04:00",
                                         "input_cost_per_token": "0.004",
                                         "output_cost_per_token": "0.04"}}
DATED = {**PAIR, "dated_pricing": [{"start_date": "2026-11-01", "input_cost_per_token": "0.03",
                                    "output_cost_per_token": "0.3"},
                                   {"start_date": "2027-01-01", "input_cost_per_token": "0.9"}]}

ROWS = [
    ("input and output", PAIR, {"usage": USE}, "1000*0.01 + 10*0.1"),
    ("no float on the way: three prices that have no binary form",
     {"input_cost_per_token": "0.1", "output_cost_per_token": "0.7"},
     {"usage": {"prompt_tokens": 3, "completion_tokens": 1}}, "3*0.1 + 0.7"),
    ("twenty-four digits", {"input_cost_per_token": "0.000000000000000000000001"},
     {"usage": {"prompt_tokens": 7, "completion_tokens": 0}}, "7*0.000000000000000000000001"),
    ("a large bill", {"input_cost_per_token": "0.999999999999"},
     {"usage": {"prompt_tokens": 1000000000, "completion_tokens": 0}},
     "1000000000*0.999999999999"),
    ("cached tokens", CACHE, prompt(1000, cached_tokens=400), "600*0.01 + 400*0.001"),
    ("cached tokens without a price of their own", PAIR, prompt(1000, cached_tokens=400),
     "1000*0.01"),
    ("a cache written for five minutes and an hour", CACHE, WRITTEN,
     "100*0.01 + 200*0.001 + 250*0.0125 + 50*0.02"),
    ("audio in", {**PAIR, "input_cost_per_audio_token": "0.04"}, prompt(100, audio_tokens=30),
     "70*0.01 + 30*0.04"),
    ("audio from a cache", {**CACHE, "input_cost_per_audio_token": "0.04",
                            "cache_read_input_audio_token_cost": "0.004"},
     prompt(100, audio_tokens=30, cached_tokens=20, cached_tokens_details={"audio_tokens": 10}),
     "60*0.01 + 20*0.04 + 10*0.001 + 10*0.004"),
    ("audio out", {**PAIR, "output_cost_per_audio_token": "0.8"}, completion(10, audio_tokens=4),
     "6*0.1 + 4*0.8"),
    ("image tokens in", {**PAIR, "input_cost_per_image_token": "0.02"},
     prompt(100, image_tokens=25), "75*0.01 + 25*0.02"),
    ("image tokens out", {**PAIR, "output_cost_per_image_token": "0.4"},
     completion(100, image_tokens=90), "10*0.1 + 90*0.4"),
    ("video tokens in", {**PAIR, "input_cost_per_video_token": "0.03"},
     prompt(100, video_tokens=60), "40*0.01 + 60*0.03"),
    ("video tokens out", {**PAIR, "output_cost_per_video_token": "0.3"},
     completion(100, video_tokens=60), "40*0.1 + 60*0.3"),
    ("reasoning", {**PAIR, "output_cost_per_reasoning_token": "0.3"},
     completion(10, reasoning_tokens=6), "4*0.1 + 6*0.3"),
    ("reasoning is output where it has no price", PAIR, completion(10, reasoning_tokens=6),
     "10*0.1"),
    ("above 200k: not at 200,000", LONG,
     {"usage": {"prompt_tokens": 200000, "completion_tokens": 10}}, "200000*0.01 + 10*0.1"),
    ("above 200k: all of it from 200,001 on", LONG,
     {"usage": {"prompt_tokens": 200001, "completion_tokens": 10}}, "200001*0.02 + 10*0.15"),
    ("above 200k, cached", LONG_CACHE, prompt(300000, cached_tokens=100000),
     "200000*0.02 + 100000*0.002"),
    ("ranges: the first, its end included", RANGES,
     {"usage": {"prompt_tokens": 32000, "completion_tokens": 10}}, "32000*0.001 + 10*0.01"),
    ("ranges: the second", RANGES,
     {"usage": {"prompt_tokens": 32001, "completion_tokens": 10}}, "32001*0.002 + 10*0.02"),
    ("flex", TIERS, {"usage": USE, "service_tier": "flex"}, "1000*0.005 + 10*0.05"),
    ("priority", TIERS, {"usage": USE, "service_tier": "priority"}, "1000*0.02 + 10*0.2"),
    ("audio at a tier's price of audio", {**TIERS, "input_cost_per_audio_token": "0.04",
                                          "input_cost_per_audio_token_flex": "0.03"},
     {**prompt(100, audio_tokens=30), "service_tier": "flex"}, "70*0.005 + 30*0.03"),
    ("audio at a tier without one", {**TIERS, "input_cost_per_audio_token": "0.04"},
     {**prompt(100, audio_tokens=30), "service_tier": "flex"}, "70*0.005 + 30*0.04"),
    ("asked for priority, served as default", TIERS,
     {"usage": {**USE, "service_tier": "default"}, "service_tier": "priority"},
     "1000*0.01 + 10*0.1"),
    ("batch at its own price", {**PAIR, "input_cost_per_token_batches": "0.004",
                                "output_cost_per_token_batches": "0.03"},
     {"usage": USE, "batch": True}, "1000*0.004 + 10*0.03"),
    ("batch at half the price", PAIR, {"usage": USE, "batch": True}, "(1000*0.01 + 10*0.1)/2"),
    ("one search of the usual size", SEARCH, {"usage": USE, "web_searches": 1},
     "1000*0.01 + 10*0.1 + 0.035"),
    ("three searches of a large size", SEARCH,
     {"usage": USE, "web_searches": 3, "search_context_size": "high"},
     "1000*0.01 + 10*0.1 + 3*0.05"),
    ("two questions to Google's maps, as a reply tells them",
     {**PAIR, "google_maps_grounding_cost_per_query": "0.014",
      "web_search_billing_unit": "per_query"},
     prompt(100, google_maps_grounding_requests=2), "100*0.01 + 2*0.014"),
    ("searches of which the day has one left for free", FREE,
     {"usage": USE, "web_searches": 3, "apply_search_free_tier": True, "searches_before": 99},
     "1000*0.01 + 10*0.1 + 2*0.035"),
    ("searches that are all free", FREE,
     {"usage": USE, "web_searches": 3, "apply_search_free_tier": True}, "1000*0.01 + 10*0.1"),
    ("free searches that nobody asked to be counted", FREE, {"usage": USE, "web_searches": 3},
     "1000*0.01 + 10*0.1 + 3*0.035"),
    ("Europe", REGION, {"usage": USE, "region": "eu"}, "(1000*0.01 + 10*0.1)*1.1"),
    ("elsewhere", REGION, {"usage": USE, "region": "apac"}, "1000*0.01 + 10*0.1"),
    ("Anthropic in the United States", GEO, {"usage": {**USE, "inference_geo": "us"}},
     "(1000*0.01 + 10*0.1)*1.1"),
    ("Anthropic's fast mode", GEO, {"usage": {**USE, "speed": "fast"}}, "(1000*0.01 + 10*0.1)*2"),
    ("a batch at night", OFF_PEAK, {"usage": USE, "time": NIGHT, "batch": True},
     "(1000*0.01 + 10*0.1)/2"),
    ("a batch with a price of its own, at night",
     {**OFF_PEAK, "input_cost_per_token_batches": "0.006"},
     {"usage": USE, "time": NIGHT, "batch": True}, "1000*0.006 + 10*0.1/2"),
    ("at night", OFF_PEAK, {"usage": USE, "time": NIGHT}, "1000*0.004 + 10*0.04"),
    ("by day", OFF_PEAK, {"usage": USE, "time": NOON}, "1000*0.01 + 10*0.1"),
    ("a price that holds since a day", DATED, {"usage": USE, "time": NOON},
     "1000*0.03 + 10*0.3"),
    ("the list price before that day", DATED, {"usage": USE, "time": NOON - 30 * 86400},
     "1000*0.01 + 10*0.1"),
    ("a price of a request", {**PAIR, "input_cost_per_request": "0.005"}, {"usage": USE},
     "1000*0.01 + 10*0.1 + 0.005"),
    ("letters spoken", {"input_cost_per_character": "0.000015", "mode": "audio_speech"},
     {"call_type": "speech", "characters": 1234}, "1234*0.000015"),
    ("seconds heard", {"input_cost_per_second": "0.0001", "mode": "audio_transcription"},
     {"call_type": "transcription", "audio_seconds": 12.5}, "12.5*0.0001"),
    ("seconds that a model ran", {"input_cost_per_second": "0.0023"},
     {"usage": USE, "response_ms": 1500}, "1.5*0.0023"),
    ("seconds of video made", {"output_cost_per_video_per_second": "0.4",
                               "mode": "video_generation"},
     {"call_type": "create_video", "video_seconds": 8}, "8*0.4"),
    ("seconds of video at a resolution", {"output_cost_per_second": "0.1",
                                          "output_cost_per_second_1080p": "0.3",
                                          "mode": "video_generation"},
     {"call_type": "create_video", "video_seconds": 5, "resolution": "1080p"}, "5*0.3"),
    ("pictures", {"output_cost_per_image": "0.04", "mode": "image_generation"},
     {"call_type": "image_generation", "n": 3}, "3*0.04"),
    ("pixels", {"input_cost_per_pixel": "0.0000000381", "mode": "image_generation"},
     {"call_type": "image_generation", "n": 2, "size": "512x512"}, "2*512*512*0.0000000381"),
    ("queries of a reranker", {"input_cost_per_query": "0.002", "mode": "rerank"},
     {"call_type": "rerank", "queries": 4}, "4*0.002"),
    ("searches", {"input_cost_per_query": "0.008", "mode": "search"},
     {"call_type": "search", "queries": 2}, "2*0.008"),
    ("pages read", {"ocr_cost_per_page": "0.001", "annotation_cost_per_page": "0.003",
                    "mode": "ocr"},
     {"call_type": "ocr", "pages": 7, "annotated_pages": 2}, "7*0.001 + 2*0.003"),
    ("sessions and file searches", {**PAIR, "code_interpreter_cost_per_session": "0.03",
                                    "file_search_cost_per_1k_calls": "2.5"},
     {"usage": USE, "code_sessions": 2, "file_searches": 3},
     "1000*0.01 + 10*0.1 + 2*0.03 + 3*2.5/1000"),
    ("citations", {**PAIR, "citation_cost_per_token": "0.002"},
     {"usage": {**USE, "citation_tokens": 50}}, "1000*0.01 + 10*0.1 + 50*0.002"),
]


ROUTER = {"azure_ai/model_router": {"input_cost_per_token": "0.0001", "output_cost_per_token": "0"},
          "azure_ai/chosen": PAIR}
# The model that was asked for, the one that the reply names (or none), and the sum.
ROUTED = [
    ("a router's fee and its choice", "azure_ai/model_router/ours", "chosen",
     "1000*0.0001 + 1000*0.01 + 10*0.1"),
    ("a router by its deployment's name", "azure_ai/Our-Model-Router", "chosen",
     "1000*0.0001 + 1000*0.01 + 10*0.1"),
    ("only the fee where no reply is given", "azure_ai/model-router", None, "1000*0.0001"),
    ("the fee is not billed twice", "azure_ai/model_router", "model-router", "1000*0.0001"),
    ("a choice without a price has none with its fee", "azure_ai/model_router/ours", "unheard-of",
     None),
]


def worked(text):
    """The value of a sum in exact decimals."""
    plain = "".join(f"Decimal('{word}')" if word[0].isdigit() else word
                    for word in text.replace("(", "( ").replace(")", " )").replace("*", " * ")
                    .replace("/", " / ").replace("+", " + ").split())
    return eval(plain, {"Decimal": Decimal})  # pylint: disable=eval-used


def as_row(prices):
    text = json.dumps({"litellm_provider": "hand", "mode": "chat", **prices})
    return json.loads(text)


def main():
    models = {f"hand/{i}": as_row(row[1]) for i, row in enumerate(ROWS)}
    models |= {name: {**as_row(row), "litellm_provider": "azure_ai"}
               for name, row in ROUTER.items()}
    questions = "".join(json.dumps({"model": f"hand/{i}", "provider": "hand", **row[2]}) + "\n"
                        for i, row in enumerate(ROWS))
    questions += "".join(json.dumps({"model": asked, "provider": "azure_ai", **(
        {"completion_response": {"model": chosen, "usage": USE}} if chosen else {"usage": USE})})
                         + "\n" for _, asked, chosen, _ in ROUTED)
    rows = [(row[0], row[3]) for row in ROWS + ROUTED]
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(models, file)
        file.flush()
        done = subprocess.run([sys.argv[1], "cost", "--json", "--map", file.name],
                              input=questions, capture_output=True, text=True, check=False)
    answers = [json.loads(line, parse_float=Decimal) for line in done.stdout.splitlines()]
    failed = len(answers) != len(rows)
    for number, ((name, text), got) in enumerate(zip(rows, answers), 1):
        wanted = worked(text) if text else None
        cost = got.get("cost")
        good = (cost is None and "error" in got) if text is None else cost == wanted
        failed |= not good
        print(f"{'ok' if good else 'not ok'} {number} - {name}: {text} = {wanted}"
              + ("" if good else f", got {got}"))
    print(f"1..{len(rows)}", done.stderr.strip(), sep="\n# " if done.stderr.strip() else "\n")
    sys.exit(failed)


if __name__ == "__main__":
    main()
