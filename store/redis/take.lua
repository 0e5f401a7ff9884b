-- Counts one request in all of its asks or in none, by the server's clock.
-- KEYS: of each ask the rate and the slots. ARGV: the lease, which ends with its length, that length in
-- microseconds, and of each ask: microseconds between two requests, burst, slots, look, and how many requests it counts for.
-- Numbers are written by %.0f: tostring makes 1.7e+15 of them.
-- What is further away than it can be was written before the server's clock was set
-- back: it is taken for as far as it can be, or everybody would wait for the clock.
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local n = #KEYS / 2
local then_, by, left, full = {}, 1, -1, 0
for i = 1, n do
  local each, burst = tonumber(ARGV[5 * i - 2]), tonumber(ARGV[5 * i - 1])
  if each > 0 then
    local at = tonumber(redis.call('GET', KEYS[2 * i - 1]) or now)
    if at < now then at = now end
    local most = now + each * burst
    if at > most then
      at = most
      redis.call('SET', KEYS[2 * i - 1], string.format('%.0f', at), 'PX', math.max(1, math.ceil((at - now) / 1000)))
    end
    then_[i] = at + each * tonumber(ARGV[5 * i + 2])
    local over = then_[i] - now - each * burst
    if over > 0 then return {0, i, 0, over, 0, at - now} end
    local rest = math.floor(-over / each)
    if ARGV[5 * i + 1] == '0' and (left < 0 or rest < left) then by, left, full = i, rest, then_[i] - now end
  end
end
for i = 1, n do
  local slots = tonumber(ARGV[5 * i])
  if slots > 0 and ARGV[5 * i + 1] == '0' then
    redis.call('ZREMRANGEBYSCORE', KEYS[2 * i], '-inf', string.format('%.0f', now))
    if redis.call('ZCARD', KEYS[2 * i]) >= slots then
      local far = redis.call('ZRANGEBYSCORE', KEYS[2 * i], string.format('(%.0f', now + tonumber(ARGV[2])), '+inf', 'WITHSCORES', 'LIMIT', 0, 100)
      for j = 1, #far, 2 do
        local long = tonumber(string.match(far[j], ' (%d+)$') or 0)
        if long > 0 and tonumber(far[j + 1]) > now + long then
          redis.call('ZADD', KEYS[2 * i], string.format('%.0f', now + long), far[j])
        end
      end
      return {0, i, 1, 0, 0, 0}
    end
  end
end
local lease = tonumber(ARGV[2])
for i = 1, n do
  if ARGV[5 * i + 1] == '0' then
    if then_[i] then
      redis.call('SET', KEYS[2 * i - 1], string.format('%.0f', then_[i]), 'PX', math.max(1, math.ceil((then_[i] - now) / 1000)))
    end
    if tonumber(ARGV[5 * i]) > 0 then
      redis.call('ZADD', KEYS[2 * i], string.format('%.0f', now + lease), ARGV[1])
      local ms = math.max(1, math.ceil(lease / 1000)) -- never shorter: others may hold longer leases
      if redis.call('PTTL', KEYS[2 * i]) < ms then redis.call('PEXPIRE', KEYS[2 * i], ms) end
    end
  end
end
return {1, by, 0, 0, left, full}
