import java.net.CookieManager;
import java.net.http.HttpClient;
import java.util.Map;
import java.util.UUID;
import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.api.AccountApi;
import org.openapitools.client.api.CsrfApi;
import org.openapitools.client.api.SessionApi;
import org.openapitools.client.model.SignInRequest;
import org.openapitools.client.model.SignUpProfile;
import org.openapitools.client.model.SignUpRequest;

/** Signs up, signs in and calls me through the client that openapi-generator generates for Java. */
public class Flow {
  public static void main(String[] arguments) throws ApiException {
    String email = "generated-" + UUID.randomUUID() + "@example.com";
    String password = "correct horse battery staple";
    ApiClient client = new ApiClient();
    client.setHttpClientBuilder(HttpClient.newBuilder().cookieHandler(new CookieManager()));
    client.updateBaseUri(System.getenv("LATCHKEY_URL"));

    var csrf = Map.of("X-CSRF-Token", new CsrfApi(client).getCsrfToken().getCsrfToken());
    var profile = new SignUpProfile().displayName("Ada Lovelace");
    new AccountApi(client).signUp(new SignUpRequest().email(email).password(password).profile(profile), csrf);
    var sessions = new SessionApi(client);
    try {
      sessions.signIn(new SignInRequest().email(email).password("wrong"), csrf);
      throw new AssertionError("a wrong password signed in");
    } catch (ApiException refused) {
      if (!refused.getResponseBody().contains("auth_invalid_credentials")) throw refused;
    }
    var session = sessions.signIn(new SignInRequest().email(email).password(password), csrf);
    var me = new AccountApi(client).getMe(Map.of("Authorization", "Bearer " + session.getAccessToken())).getUser();
    if (!me.getEmail().equals(email) || !"Ada Lovelace".equals(me.getProfile().getDisplayName())) throw new AssertionError(me);
    System.out.println("signed up, signed in, called me");
  }
}
