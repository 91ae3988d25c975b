-- Adds to counters. It stands in front of the scripts that count.
--
-- The counters of an hour or a day are one string of 32-bit numbers, in the order
-- in which the site's keys were first seen: the hash of names knows it.
--
-- names: the hash; first: where in ARGV the counters begin, each as its name, the
-- amount, the place in KEYS of its hour and the hour, the place of its day and the
-- day, with a place of 0 for none
local function tally(names, first, counters)
  if counters == 0 then return nil end
  local call = redis.call
  local asked, known, size = {}, {}, nil
  for c = 1, counters do asked[c] = ARGV[first + 6 * (c - 1)] end
  for from = 1, counters, 1000 do
    local some = call('HMGET', names, unpack(asked, from, math.min(from + 999, counters)))
    for n = 1, #some do known[from + n - 1] = some[n] end
  end
  local ids, work, added = {}, {}, {}
  for c = 1, counters do
    local a = first + 6 * (c - 1)
    local amount = tonumber(ARGV[a + 1])
    if amount ~= 0 then
      local name = asked[c]
      local id = known[c] or ids[name]
      if not id then
        size = size or call('HLEN', names)
        id, size = size, size + 1
        ids[name] = id
        call('HSET', names, name, id)
      end
      for n = 2, 4, 2 do
        local place, at = ARGV[a + n], ARGV[a + n + 1]
        if place ~= '0' then
          local list = work[place]
          if not list then
            list = {}
            work[place] = list
            added[#added + 1] = { n, tonumber(at) }
          end
          local l = #list
          list[l + 1], list[l + 2], list[l + 3], list[l + 4] = 'INCRBY', 'u32', '#' .. id, amount
        end
      end
    end
  end
  for place, list in pairs(work) do
    for from = 1, #list, 4000 do
      call('BITFIELD', KEYS[tonumber(place)], unpack(list, from, math.min(from + 3999, #list)))
    end
  end
  return added
end

-- Widens what the facts say of the first and last hour and day with counters.
local function widen(facts, added)
  local bounds = { [2] = { 'hour0', 'hour1' }, [4] = { 'day0', 'day1' } }
  for _, one in ipairs(added or {}) do
    local names, at = bounds[one[1]], one[2]
    local is = redis.call('HMGET', facts, names[1], names[2])
    if not is[1] or at < tonumber(is[1]) then redis.call('HSET', facts, names[1], at) end
    if not is[2] or at > tonumber(is[2]) then redis.call('HSET', facts, names[2], at) end
  end
end

