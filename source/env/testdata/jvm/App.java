class App {
  String key = System.getenv("OPENAI_API_KEY"); // want: OPENAI_API_KEY required
  String port = System.getenv().getOrDefault("SERVICE_PORT", "80"); // want: SERVICE_PORT default
  String host = System.getenv().get("SERVICE_HOST"); // want: SERVICE_HOST required
  @Value("${mail.from-address}") String from; // want: MAIL_FROMADDRESS required
  @Value("${mail.host:localhost}") String mail; // want: MAIL_HOST default
  // System.getenv("COMMENTED")
  /* System.getenv("IN_A_BLOCK") */
  String any(String name) { return System.getenv(name); } // want:  dynamic
}
