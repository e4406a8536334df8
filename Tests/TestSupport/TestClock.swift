/// The day of the school, chosen by tests: `lyceum.today()` as the migrations make it reads the machine's clock alone.
package enum TestClock {
    /// For the owner of a migrated database: from then on the setting `lyceum.today` is the day, where it is set.
    package static let function = """
        CREATE OR REPLACE FUNCTION lyceum.today() RETURNS date
            LANGUAGE sql STABLE PARALLEL SAFE
            RETURN coalesce(
                nullif(current_setting('lyceum.today', true), '')::date,
                (now() AT TIME ZONE coalesce(nullif(current_setting('lyceum.time_zone', true), ''), 'UTC'))::date
            )
        """
}
