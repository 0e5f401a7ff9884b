<?php
return [
    'key' => env('OPENAI_API_KEY'), // want: OPENAI_API_KEY required
    'port' => env('SERVICE_PORT', 80), // want: SERVICE_PORT default
    'host' => getenv('SERVICE_HOST') ?: 'localhost', // want: SERVICE_HOST default
    'name' => getenv("SERVICE_NAME"), // want: SERVICE_NAME required
    'mail' => $_ENV['MAIL_FROM'] ?? 'x@y', // want: MAIL_FROM default
    'from' => $_ENV['MAIL_HOST'], // want: MAIL_HOST required
    'flag' => getenv('FEATURE_' . $name), // want: FEATURE_ dynamic
    // env('COMMENTED')
    /* getenv('IN_A_BLOCK') */
    # env('HASHED')
    'not' => $this->env('METHOD_OF_MINE'),
];
