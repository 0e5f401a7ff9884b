key = ENV.fetch("OPENAI_API_KEY") # want: OPENAI_API_KEY required
port = ENV.fetch("SERVICE_PORT", "80") # want: SERVICE_PORT default
host = ENV.fetch('SERVICE_HOST') { "localhost" } # want: SERVICE_HOST default
name = ENV["SERVICE_NAME"] # want: SERVICE_NAME required
level = ENV["LOG_LEVEL"] || "info" # want: LOG_LEVEL default
on = ENV.key?("SENTRY_DSN") # want: SENTRY_DSN soft
flag = ENV["FEATURE_#{name}"] # want: FEATURE_ dynamic
# ENV["COMMENTED"]
=begin
ENV["IN_A_BLOCK"]
=end
other = ENV[name] # want:  dynamic
