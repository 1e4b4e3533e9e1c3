-- wrk's side of one measurement. Arguments behind `--`: method, expected status, a file of access tokens that take turns, one a
-- line (empty for none), body (or nothing for no body).
-- Prints one line of JSON behind everything that wrk prints by itself.

local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  wrk.method = args[1]
  wrk.body = args[4]
  expected = tonumber(args[2])
  -- Written once: all that a request costs then is the next index.
  if args[3] ~= "" then
    local written, turn = {}, 0
    for token in io.lines(args[3]) do
      wrk.headers["Authorization"] = "Bearer " .. token
      written[#written + 1] = wrk.format()
    end
    request = function()
      turn = turn % #written + 1
      return written[turn]
    end
  end
  unexpected = 0
  -- wrk itself counts answers above 399. Only a request whose right answer is a refusal needs a look at each of them,
  -- which costs wrk time for every answer.
  if expected > 399 then
    response = function(status)
      if status ~= expected then unexpected = unexpected + 1 end
    end
  end
end

function done(summary, latency)
  local errors = summary.errors
  local wrong = threads[1]:get("expected") > 399 and threads[1]:get("unexpected") or errors.status
  io.write(string.format(
    '\n{"requests":%d,"microseconds":%d,"p50_us":%d,"p99_us":%d,"max_us":%d,"unexpected":%d,"failed":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency.max,
    wrong, errors.connect + errors.read + errors.write))
end
